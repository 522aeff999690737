# SPDX-License-Identifier: MIT
"""What the hub's list says about one activity, and two athletes made of such items.

The hub sends the same keys for every sport, zero-filled rather than left out, in alphabetical
order. Everything here is computed from its arguments, so that the same command line gives the
same bytes in every run: tests compare bytes, and benchmarks compare runs.
"""
import datetime
import random
import time

USER_ID = "476911223344556677"

# (mode, subMode), the older scheme that the list still carries beside sportType.
MODES = {100: (8, 1), 101: (8, 2), 102: (15, 1), 103: (20, 1), 104: (16, 1), 105: (14, 1),
         200: (9, 1), 201: (9, 2), 202: (9, 3), 203: (9, 6), 204: (9, 4), 205: (9, 5),
         300: (10, 2), 301: (10, 1), 400: (18, 2), 401: (18, 1), 402: (23, 2), 500: (21, 1),
         501: (21, 2), 502: (19, 1), 700: (24, 1), 701: (24, 2), 900: (31, 1), 901: (34, 2)}
INDOOR = {98, 101, 201, 300, 400, 402, 701, 800, 801, 901, 902, 903, 904, 905, 906, 1000, 1001,
          1002, 1003, 1004, 1005, 1006}
RUNS = {100, 101, 102, 103}


def epoch(date, hhmm, quarters):
    """Epoch seconds of a local date (20221230) and time ("0712") east of UTC by quarter hours."""
    day = datetime.datetime(date // 10000, date // 100 % 100, date % 100, int(hhmm[:2]),
                            int(hhmm[2:]), tzinfo=datetime.timezone.utc)
    return int(day.timestamp()) - quarters * 900


def local_date(start, quarters):
    """The local date (20221230) of an epoch second."""
    t = time.gmtime(start + quarters * 900)
    return t.tm_year * 10000 + t.tm_mon * 100 + t.tm_mday


def label_id(start):
    """18 digits that grow with time about as fast as the hub's own, the same in every run."""
    return str(481230045566778899 + (start - 1773558727) * 370000000 + start * 48271 % 369999989)


def map_url(label):
    """The long form of 2022: a static map whose path is the track itself, with a map token."""
    n = int(label)
    track = "".join(chr(63 + (n >> i % 50) * (i * i + 7) % 63) for i in range(2400))
    track = track.replace("\\", "_").replace("?", "a").replace("`", "b")
    return ("https://api.mapbox.com/styles/v1/coros/cjz0/static/path-4+ff3d4f-1(" + track +
            ")/auto/600x400?access_token=pk.invented" + label)


def make_item(start, quarters, name, sport, total, distance, calorie, load, rng, map_2022=False):
    """A whole item (58 keys) from what matters of it; `rng` supplies the plausible rest."""
    km = distance / 1000
    work = total - (rng.randrange(240) if rng.random() < 0.3 and total > 600 else 0)
    pace = round(work / km, 2) if km else 0
    run = sport in RUNS
    gps = sport not in INDOOR
    best = int(pace * 0.94) if run else 0
    cadence = rng.randrange(160, 184) if run else 0
    climb = rng.randrange(8, 400) if gps else 0
    down = max(0, climb - rng.randrange(8)) if gps else 0
    mode, sub = MODES.get(sport, (99, 2))
    label = label_id(start)
    if not gps:
        image = ""
    elif map_2022:
        image = map_url(label)
    else:
        image = (f"https://s3eu.coros.com/snapshot/activity/{local_date(start, quarters)}/"
                 f"{USER_ID}/{label}_600x400_2x.png")
    return {
        "adjustedPace": int(pace * 0.99) if run else 0, "ascent": climb,
        "avg5x10s": int(pace * 0.97) if run else 0, "avgCadence": cadence,
        "avgHr": rng.randrange(104, 168), "avgPower": rng.randrange(190, 290) if run else 0,
        "avgSpeed": int(pace) if map_2022 else pace, "avgStrkRate": cadence, "best": best,
        "best500m": best, "bestKm": best, "bestLen": best, "bodyTemperature": 0,
        "cadence": cadence, "calorie": calorie, "date": local_date(start, quarters),
        "descent": down, "device": "COROS PACE 2" if map_2022 else "COROS PACE 3",
        "deviceId": "5A0B1C2D3E4F", "deviceSportMode": mode, "distance": distance,
        "downhillDesc": down, "downhillDist": distance if run else 0.0,
        "downhillTime": work if run else 0, "endTime": start + total, "endTimezone": quarters,
        "hasMessage": 0, "imageUrl": image,
        "imageUrlType": (2 if map_2022 else 1) if gps else 0, "isRunTest": 0, "isShowMs": 0,
        "labelId": label, "lengths": int(km) if sport != 300 else int(distance / 25), "max2s": 0,
        "maxGrade": 0, "maxSlope": 0, "maxSpeed": 0, "mode": mode, "name": name, "np": 0,
        "pitch": 0, "sets": rng.randrange(6, 24) if sport == 402 else 0,
        "speedType": 3 if run else 0, "sportType": sport, "startTime": start,
        "startTimezone": quarters, "step": cadence * work // 60, "subMode": sub,
        "swolf": rng.randrange(36, 48) if sport == 300 else 0, "total": distance,
        "totalDescent": down, "totalFishingTime": 0, "totalReps": 0, "totalTime": total,
        "trainingLoad": load, "unitType": 2, "waterTemperature": rng.randrange(400, 2800),
        "workoutTime": work,
    }


# date, hhmm in Japan, name, sport, seconds, metres, cal, load
ARTICLE = (
    (20221201, "1922", "Indoor Run", 101, 3622, 9130.0, 555887, 224),
    (20221206, "1915", "Indoor Run", 101, 2707, 6830.0, 377457, 110),
    (20221212, "0631", "Foo Run", 100, 2981, 7309.62, 534430, 79),
    (20221213, "0628", "Foo Run", 100, 2991, 6900.9, 512450, 71),
    (20221217, "0902", "Tokyo Run", 100, 8091, 17739.38, 1331496, 184),
    (20221218, "0847", "Baz", 100, 14696, 24009.9, 2135983, 264),
    (20221224, "0655", "Foo Run", 100, 2345, 4002.47, 288226, 31),
    (20221227, "1410", "Bar Bike", 200, 2831, 14636.66, 62314, 420),
    (20221228, "0711", "Bar Run", 100, 3844, 5049.67, 426847, 35),
    (20221230, "0820", "Foo Run", 100, 9538, 14651.11, 1266085, 117),
)


def article():
    """Ten activities of December 2022 whose table a published article shows."""
    items = []
    for date, hhmm, name, sport, total, distance, calorie, load in ARTICLE:
        start = epoch(date, hhmm, 36)
        items.append(make_item(start, 36, name, sport, total, distance, calorie, load,
                               random.Random(start), map_2022=True))
    return items


SPORTS = (100,) * 9 + (101,) * 3 + (102, 102, 104, 200, 200, 201, 203, 300, 301, 402, 402, 900,
                                    502, 701, 904, 9807)
# Metres a second, and the range of seconds.
PACE = {100: (2.9, 1200, 7200), 102: (2.1, 2400, 14400), 104: (1.2, 3600, 20000),
        200: (7.2, 2400, 14400), 203: (6.1, 2400, 14400), 300: (0.8, 1200, 4200),
        301: (0.85, 1200, 4200), 502: (3.8, 2400, 9000), 900: (1.4, 900, 7200),
        9807: (5.5, 600, 2400)}
NAMES = ("Munich Run", "Easy Run", "Foo Run", "Morning Run", "Lunch Run", "Evening Run",
         "Sunday loop / river", "Intervals 6 x 800 m, track", "Long run, hilly", "Commute",
         "Parkrun", "Recovery", "Track: 12 x 400", "", "Übung am See", "東京ラン", "Бег в парке",
         "Côte d'Azur", "Run 🏃‍♀️ & coffee ☕", "café‑rouge", "with \"quotes\", too",
         "München Straße", "=1+1", "Trail\u00a0run", "서울 달리기")


def synthetic(count, years, seed, last_day=20261031):
    """`count` activities of a European athlete, spread over `years` up to `last_day`."""
    rng = random.Random(seed)
    days = max(1, int(years * 365.25))
    last = epoch(last_day, "0000", 0)
    items, used = [], set()
    for i in range(count):
        day = last - (count - 1 - i) * days // count * 86400
        summer = 4 <= time.gmtime(day).tm_mon <= 10
        quarters = 8 if summer else 4
        if rng.random() < 0.02:                     # a trip: half hours and west of UTC too
            quarters = rng.choice((22, 36, -20, -32))
        start = day + rng.randrange(5 * 3600, 21 * 3600) - quarters * 900
        while start in used:
            start += 1
        used.add(start)
        sport = rng.choice(SPORTS)
        speed, low, high = PACE.get(sport, (2.8, 1200, 5400))
        total = rng.randrange(low, high)
        if sport in (402, 904):
            distance = 0
        elif sport in (101, 300):
            distance = float(round(total * speed / 25) * 25)
        elif rng.random() < 0.05:
            distance = int(total * speed)
        else:
            distance = round(total * speed * (0.85 + 0.3 * rng.random()), 2)
        name = rng.choice(NAMES)
        items.append(make_item(start, quarters, name, sport, total, distance,
                               total * rng.randrange(120, 220), total // rng.randrange(24, 60),
                               rng))
    return items


def athlete_items(kind, count, years, seed, last_day=20261031):
    """The items of one of the athletes that the command line offers."""
    if kind == "article":
        return article()
    items = synthetic(count, years, seed, last_day)
    if kind == "both":
        items = [i for i in items if i["date"] // 100 != 202212] + article()
    elif kind != "synthetic":
        raise ValueError(f"athlete is article, synthetic or both, not {kind!r}")
    return items

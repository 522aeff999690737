# SPDX-License-Identifier: MIT
"""The files of an activity (fit, gpx, kml, tcx, csv) and its detail answer.

All of them are written from one made-up recording, so that they agree with each other and with
the item: its start, elapsed time, distance and heart rate. FIT is a real FIT file (header, CRC,
file_id, record, session, activity messages), because the client and other programs look inside.
"""
import array
import functools
import math
import struct
import sys
import time
from xml.sax.saxutils import escape

from athlete import compact
from items import INDOOR

FORMATS = ("csv", "gpx", "kml", "tcx", "fit")       # the index is the API's fileType
FIT_EPOCH = 631065600
MAX_SAMPLES = 4000                                  # a FIT of 100 kB, a detail of a megabyte
_WAVE = [(math.sin(i * math.tau / 512), math.cos(i * math.tau / 512)) for i in range(512)]


@functools.lru_cache(maxsize=8)
def recording(total, distance, gps, home, heart):
    """Samples (second, latitude, longitude, altitude m, bpm, metres so far)."""
    step = max(1, -(-total // MAX_SAMPLES))
    count = max(2, total // step + 1)
    lat, lon = (35.681, 139.767) if home == 36 else (48.137, 11.575)
    samples = []
    for i in range(count):
        s, c = _WAVE[i * 3 % 512]
        drift = i * 2e-6
        samples.append((i * step, lat + 0.006 * s + drift, lon + 0.009 * c - drift,
                        60.0 + 20 * c, max(60, int(heart + 12 * s)),
                        distance * i / (count - 1)) if gps else
                       (i * step, 0.0, 0.0, 0.0, max(60, int(heart + 12 * s)),
                        distance * i / (count - 1)))
    return samples


def number(value, default):
    return value if isinstance(value, (int, float)) and not isinstance(value, bool) else default


def samples_of(item):
    return recording(int(min(86400, max(1, number(item.get("totalTime"), 1800)))),
                     float(number(item.get("distance"), 0)),
                     item.get("sportType") not in INDOOR,
                     item.get("startTimezone"), int(number(item.get("avgHr"), 130)) or 130)


@functools.lru_cache(maxsize=1)
def crc_table():
    """CRC-16 of two bytes at a time: a table of bytes would cost 10 ms a file."""
    one = []
    for i in range(256):
        for _ in range(8):
            i = (i >> 1) ^ 0xA001 if i & 1 else i >> 1
        one.append(i)
    table = []
    for i in range(65536):
        i = (i >> 8) ^ one[i & 255]
        table.append((i >> 8) ^ one[i & 255])
    return one, table


def fit_crc(data):
    one, table = crc_table()
    words = array.array("H", data[:len(data) & ~1])
    if sys.byteorder == "big":
        words.byteswap()
    crc = 0
    for w in words:
        crc = table[crc ^ w]
    if len(data) & 1:
        crc = (crc >> 8) ^ one[(crc ^ data[-1]) & 255]
    return crc


def definition(local, message, fields):
    return struct.pack("<BBBHB", 0x40 | local, 0, 0, message, len(fields)) + b"".join(
        bytes(f) for f in fields)


def fit(item):
    start = int(number(item.get("startTime"), 1700000000)) - FIT_EPOCH
    samples = samples_of(item)
    total = samples[-1][0]
    distance = int(samples[-1][5] * 100)
    gps = samples[0][1] != 0.0
    semi = 2 ** 31 / 180
    out = [definition(0, 0, ((0, 1, 0), (1, 2, 132), (2, 2, 132), (3, 4, 140), (4, 4, 134))),
           struct.pack("<BBHHII", 0, 4, 294, 841, 12345678, start),
           definition(1, 20, ((253, 4, 134), (0, 4, 133), (1, 4, 133), (2, 2, 132), (3, 1, 2),
                              (4, 1, 2), (5, 4, 134), (6, 2, 132), (7, 2, 132)))]
    pack = struct.Struct("<BIiiHBBIHH").pack
    speed = int(distance * 10 / total) & 0xFFFF if total else 0
    for t, lat, lon, alt, heart, metres in samples:
        out.append(pack(1, start + t, int(lat * semi) if gps else 0x7FFFFFFF,
                        int(lon * semi) if gps else 0x7FFFFFFF, int((alt + 500) * 5), heart, 86,
                        int(metres * 100), speed, 230 + heart % 20))
    out += [definition(2, 18, ((253, 4, 134), (2, 4, 134), (7, 4, 134), (8, 4, 134), (9, 4, 134),
                               (11, 2, 132), (0, 1, 0), (1, 1, 0), (5, 1, 0), (16, 1, 2))),
            struct.pack("<BIIIIIHBBBB", 2, start + total, start, total * 1000, total * 1000,
                        distance, int(number(item.get("calorie"), 0)) // 1000 & 0xFFFF, 8, 1,
                        2 if item.get("sportType") in (200, 201, 203) else 1,
                        int(number(item.get("avgHr"), 130)) & 255),
            definition(3, 34, ((253, 4, 134), (0, 4, 134), (1, 2, 132), (2, 1, 0), (3, 1, 0),
                               (4, 1, 0))),
            struct.pack("<BIIHBBB", 3, start + total, total * 1000, 1, 0, 26, 1)]
    body = b"".join(out)
    head = struct.pack("<BBHI4s", 14, 0x20, 2132, len(body), b".FIT")
    head += struct.pack("<H", fit_crc(head))
    return head + body + struct.pack("<H", fit_crc(head + body))


def iso(item, second):
    return time.strftime("%Y-%m-%dT%H:%M:%SZ",
                         time.gmtime(int(number(item.get("startTime"), 1700000000)) + second))


def title(item):
    return escape(str(item.get("name") or ""))


def gpx(item):
    points = "".join(
        f'<trkpt lat="{lat:.7f}" lon="{lon:.7f}"><ele>{alt:.1f}</ele><time>{iso(item, t)}</time>'
        f'<extensions><hr>{hr}</hr></extensions></trkpt>\n'
        for t, lat, lon, alt, hr, _ in samples_of(item)[::4])
    return ('<?xml version="1.0" encoding="UTF-8"?>\n'
            '<gpx version="1.1" creator="COROS" xmlns="http://www.topografix.com/GPX/1/1">\n'
            f'<metadata><time>{iso(item, 0)}</time></metadata>\n'
            f'<trk><name>{title(item)}</name><trkseg>\n{points}</trkseg></trk>\n</gpx>\n').encode()


def kml(item):
    line = "\n".join(f"{lon:.7f},{lat:.7f},{alt:.1f}"
                     for _, lat, lon, alt, _, _ in samples_of(item)[::4])
    return ('<?xml version="1.0" encoding="UTF-8"?>\n'
            '<kml xmlns="http://www.opengis.net/kml/2.2"><Document>'
            f'<name>{title(item)}</name><Placemark><LineString><coordinates>\n{line}\n'
            '</coordinates></LineString></Placemark></Document></kml>\n').encode()


def tcx(item):
    samples = samples_of(item)
    gps = samples[0][1] != 0.0
    points = "".join(
        f"<Trackpoint><Time>{iso(item, t)}</Time>" +
        (f"<Position><LatitudeDegrees>{lat:.7f}</LatitudeDegrees><LongitudeDegrees>{lon:.7f}"
         "</LongitudeDegrees></Position>" if gps else "") +
        f"<DistanceMeters>{metres:.2f}</DistanceMeters><HeartRateBpm><Value>{hr}</Value>"
        "</HeartRateBpm></Trackpoint>\n"
        for t, lat, lon, _, hr, metres in samples[::4])
    sport = "Biking" if item.get("sportType") in (200, 201, 203) else "Running"
    return ('<?xml version="1.0" encoding="UTF-8"?>\n<TrainingCenterDatabase xmlns='
            '"http://www.garmin.com/xmlschemas/TrainingCenterDatabase/v2"><Activities>'
            f'<Activity Sport="{sport}"><Id>{iso(item, 0)}</Id><Lap StartTime="{iso(item, 0)}">'
            f'<TotalTimeSeconds>{samples[-1][0]}</TotalTimeSeconds>'
            f'<DistanceMeters>{samples[-1][5]:.2f}</DistanceMeters><Track>\n{points}</Track></Lap>'
            '</Activity></Activities></TrainingCenterDatabase>\n').encode()


def csv(item):
    rows = "".join(f"{iso(item, t)},{lat:.7f},{lon:.7f},{alt:.1f},{hr},{metres:.2f}\n"
                   for t, lat, lon, alt, hr, metres in samples_of(item)[::4])
    return ("time,latitude,longitude,altitude,heartRate,distance\n" + rows).encode()


_MAKE = {"fit": fit, "gpx": gpx, "kml": kml, "tcx": tcx, "csv": csv}


@functools.lru_cache(maxsize=256)
def _file(kind, activity):
    return _MAKE[kind](activity.item or {})


def file_of(kind, activity):
    """The bytes of one file. An edited activity is another object, so the cache cannot be stale."""
    return _file(kind, activity)


def made_for(kind, sport):
    """Whether the hub makes this format for a sport: what has no track has no gpx and no kml."""
    return sport not in INDOOR or kind not in ("gpx", "kml")


@functools.lru_cache(maxsize=64)
def detail(activity, whole):
    """data of activity/detail/query: cm, 1/100 s. Without `whole` (wrong sportType) only parts."""
    item = activity.item or {}
    samples = samples_of(item)
    start = int(number(item.get("startTime"), 1700000000))
    total, metres = samples[-1][0], samples[-1][5]
    work = int(number(item.get("workoutTime"), total))
    pace = int(work * 1000 / metres) if metres else 0
    data = {
        "summary": {
            "name": item.get("name"), "sportType": item.get("sportType"),
            "labelId": item.get("labelId"), "startTimestamp": start * 100,
            "endTimestamp": (start + total) * 100, "timezone": item.get("startTimezone"),
            "totalTime": total * 100, "workoutTime": work * 100, "pauseTime": (total - work) * 100,
            "distance": round(metres * 100, 2), "avgPace": pace, "avgSpeed": pace,
            "avgHr": item.get("avgHr"), "maxHr": max(s[4] for s in samples),
            "avgCadence": item.get("avgCadence"), "avgPower": item.get("avgPower"),
            "elevGain": item.get("ascent"), "totalDescent": item.get("totalDescent"),
            "calories": item.get("calorie"), "trainingLoad": item.get("trainingLoad"),
            "aerobicEffect": 3.1, "anaerobicEffect": 0.4, "currentVo2Max": 53, "performance": -1,
            "staminaLevel7d": 65535, "trainType": 2, "planId": "0", "programId": 0},
        "sportFeelInfo": {"feelType": 3, "sportNote": ""},
        "deviceList": [{"name": item.get("device")}], "level": 0, "newMessageCount": 0}
    if not whole:
        return compact(data)
    laps, mark, since = [], 100000.0, 0
    for s in samples:
        if s[5] * 100 >= mark:
            laps.append({"lapIndex": len(laps) + 1, "time": (s[0] - since) * 100,
                         "distance": 100000.0, "startTimestamp": (start + since) * 100,
                         "endTimestamp": (start + s[0]) * 100, "avgHr": s[4],
                         "avgPace": s[0] - since, "elevGain": 4, "totalDescent": 3})
            mark, since = mark + 100000.0, s[0]
    data["lapList"] = [{"type": 2, "lapDistance": 100000, "lapItemList": laps}]
    data["zoneList"] = [{"type": 1, "zoneItemList": [
        {"zoneIndex": i, "leftScope": 90 + 16 * i, "rightScope": 105 + 16 * i,
         "second": total // 5, "percent": 20} for i in range(5)]}]
    data["graphList"] = [{"type": 126, "graphItem": {"avg": item.get("avgHr"), "max": 180,
                                                     "min": 90}}]
    rows = ",".join(
        '{"timestamp":%d,"gpsLat":%d,"gpsLon":%d,"distance":%d,"heart":%d,"speed":%d,'
        '"adjustedPace":%d,"cadence":%d,"cadenceLength":%d,"power":%d,"altitude":%d,"slope":%d,'
        '"groundTime":%d,"heartLevel":%d,"gradeAdjusted":0,"verticalOscillation":65535,'
        '"verticalRatio":65535}'
        % ((start + t) * 100, lat * 1e7, lon * 1e7, m * 100, hr, pace, pace, 172, 104, 240, alt,
           t % 5, 240, 2) for t, lat, lon, alt, hr, m in samples)
    return compact(data)[:-1] + b',"frequencyList":[' + rows.encode() + b"]}"

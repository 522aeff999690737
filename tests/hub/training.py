# SPDX-License-Identifier: MIT
"""Answers that are not about one activity: the dashboard, daily metrics, the training calendar.

Numbers follow from the date alone, so that the same range always gives the same answer. Keys are
left out on some days, as the hub does when it knows nothing.
"""
import datetime

PLAN_ID = "470000111122223333"
PLAN_FIRST, PLAN_LAST = datetime.date(2022, 12, 1), datetime.date(2027, 12, 31)


def as_date(number):
    return datetime.date(number // 10000, number // 100 % 100, number % 100)


def as_number(day):
    return day.year * 10000 + day.month * 100 + day.day


def days_between(first, last):
    return (as_date(last) - as_date(first)).days


def _hrv(day):
    return 52 + day.toordinal() * 7 % 19


def dashboard(athlete):
    """data of dashboard/query; the seven nights end with the newest activity's day."""
    newest = athlete.find()[0][:1]
    last = as_date(newest[0].date) if newest else datetime.date(2022, 12, 30)
    nights = [{"avgSleepHrv": _hrv(d), "happenDay": as_number(d), "sleepHrvBase": 58,
               "sleepHrvIntervalList": [20, 38, 46, 71], "sleepHrvSd": 6}
              for d in (last - datetime.timedelta(i) for i in range(6, -1, -1))]
    summary = {"aerobicEnduranceScore": 74, "anaerobicCapacityScore": 61,
               "anaerobicEnduranceScore": 66, "fitnessMaxHr": 188, "fullRecoveryHours": 19,
               "lactateThresholdCapacityScore": 71, "lthr": 168, "ltsp": 255, "recoveryPct": 82,
               "recoveryState": 3, "rhr": 47, "staminaLevel": 78.4, "staminaLevelChange": 0.6,
               "runScoreList": [{"avgPace": p, "duration": int(p * km), "type": t}
                                for t, km, p in ((1, 42.195, 279), (2, 21.0975, 264),
                                                 (4, 10, 251), (5, 5, 241))]}
    return {"sleepHrvData": dict(nights[-1], sleepHrvList=nights), "summaryInfo": summary}


def day_detail(athlete, first, last):
    """data of analyse/dayDetail/query: the days from the first to the newest activity."""
    everything = athlete.find()[0]
    if not everything:
        return {}
    begin = max(as_date(first), as_date(athlete.dates[0]))
    end = min(as_date(last), as_date(athlete.dates[-1]))
    days, weeks = [], []
    for i in range((end - begin).days + 1):
        d = begin + datetime.timedelta(i)
        n = d.toordinal()
        done = [a.item or {} for a in athlete.by_date.get(as_number(d), ())]
        load = sum(x.get("trainingLoad") or 0 for x in done)
        ati, cti = 60 + n * 11 % 47, 70 + n // 9 % 13
        day = {"ati": ati, "cti": cti, "distance": sum(x.get("distance") or 0 for x in done),
               "duration": sum(x.get("workoutTime") or 0 for x in done),
               "happenDay": as_number(d), "performance": -1 if n % 5 else 102,
               "recomendTlMax": 540, "recomendTlMin": 320, "rhr": 45 + n * 3 % 7,
               "staminaLevel": 76.5 + n % 4 * 0.5, "staminaLevel7d": 77.1, "t28d": 1810 + n % 90,
               "t7d": 430 + n * 13 % 120, "testRhr": 45 + n * 3 % 7, "tib": cti - ati,
               "timestamp": int(datetime.datetime(d.year, d.month, d.day,
                                                  tzinfo=datetime.timezone.utc).timestamp()),
               "tiredRate": 41, "tiredRateNew": ati - cti, "tiredRateStateNew": 3,
               "trainingLoad": load, "trainingLoadRatio": round(ati / cti, 2),
               "trainingLoadRatioState": 3, "trainingLoadTarget": 65}
        if n % 7:                               # the watch was worn that night
            day.update(avgSleepHrv=_hrv(d), sleepHrvBase=58,
                       sleepHrvIntervalList=[20, 38, 46, 71])
        else:
            del day["rhr"], day["testRhr"]
        if done:
            day.update(lthr=168, ltsp=255, vo2max=52 + n % 3)
        days.append(day)
        if d.weekday() == 0:
            weeks.append({"firstDayOfWeek": as_number(d), "recomendTlMax": 540,
                          "recomendTlMin": 320, "trainingLoad": 400 + n % 100})
    return {k: v for k, v in (("dayList", days), ("weekList", weeks)) if v}


def _steps(seconds):
    step = {"groupId": "0", "intensityMultiplier": 0, "restType": 3, "restValue": 0, "sets": 1,
            "targetType": 2}
    return [dict(step, exerciseType=1, name="T1120", sortNo=1, targetValue=900, intensityType=2,
                 intensityValue=120, intensityValueExtend=135),
            dict(step, exerciseType=2, name="T3001", sortNo=2, targetValue=seconds - 1500, sets=3,
                 restType=1, restValue=120, intensityType=3, intensityValue=255000,
                 intensityValueExtend=262000),
            dict(step, exerciseType=3, name="T1122", sortNo=3, targetValue=600, intensityType=2,
                 intensityValue=110, intensityValueExtend=125)]


# Weekday -> name, overview, seconds, cm, status: text that a calendar must escape, a locale key
# for a name, and a deleted workout.
_WEEK = {1: ("Threshold 3 x 8 min", "Warm up; then 3 x 8 min, hard\nEasy home \\ stretch", 3360,
             1050000.0, 1),
         3: ("S4557", "", 2700, 800000.0, 1),
         5: ("Långpass, lugnt – 東京マラソンのための長い距離走です。無理をしないでゆっくり走ること", "", 7200,
             2100000.0, 1),
         6: ("Deleted run", "", 1800, 500000.0, 3)}


def schedule(athlete, first, last):
    """data of training/schedule/query: three workouts a week, and what was done without a plan."""
    begin, end = max(as_date(first), PLAN_FIRST), min(as_date(last), PLAN_LAST)
    entities, programs = [], []
    for i in range((end - begin).days + 1):
        d = begin + datetime.timedelta(i)
        if d.weekday() not in _WEEK:
            continue
        name, overview, seconds, cm, status = _WEEK[d.weekday()]
        n = (d - PLAN_FIRST).days
        ident = str(471111222233334444 + n)
        # planProgramId names another day's workout: programs are joined on (planId, idInPlan).
        entities.append({"dayNo": n + 1, "executeStatus": 0, "happenDay": as_number(d),
                         "id": ident, "idInPlan": str(n + 1), "planId": PLAN_ID, "planIdIndex": 0,
                         "planProgramId": str(n + 3), "sortNo": 1, "sortNoInSchedule": 1,
                         "standardRate": "0", "status": status, "thirdParty": False})
        programs.append({"distance": cm, "duration": seconds, "estimatedDistance": int(cm),
                         "estimatedTime": seconds, "exerciseNum": 3, "exercises": _steps(seconds),
                         "id": str(471111222299990000 + n), "idInPlan": str(n + 1), "name": name,
                         "overview": overview, "planId": PLAN_ID, "sportType": 1, "targetType": 2,
                         "targetValue": seconds, "totalSets": 5, "trainingLoad": seconds // 30})
    done = [{"avgPace": int(x.get("avgSpeed") or 0), "distance": (x.get("distance") or 0) * 100.0,
             "duration": x.get("workoutTime"), "endTime": x.get("endTime"),
             "happenDay": x.get("date"), "labelId": x.get("labelId"), "mode": x.get("mode"),
             "name": x.get("name"), "speedType": x.get("speedType"),
             "sportType": x.get("sportType"), "startTime": x.get("startTime"),
             "subMode": x.get("subMode"), "trainingLoad": x.get("trainingLoad")}
            for x in (a.item for a in athlete.find(first, last)[0]) if x]
    data = {"endDay": as_number(PLAN_LAST), "entities": entities, "id": PLAN_ID,
            "maxIdInPlan": str((PLAN_LAST - PLAN_FIRST).days + 1), "name": "S4557",
            "pbVersion": 2, "programs": programs, "sportDatasNotInPlan": done,
            "startDay": as_number(PLAN_FIRST), "status": 1,
            "totalDay": (PLAN_LAST - PLAN_FIRST).days + 1, "unit": 0, "version": 12}
    return {k: v for k, v in data.items() if v != []}

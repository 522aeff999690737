# SPDX-License-Identifier: MIT
"""The control interface, /_hub/ on every API port: counters, faults and edits for tests.

Its requests are neither counted nor delayed nor spoilt.
"""
import json

from athlete import compact
from items import athlete_items
from wire import Answer


def _stats(hub, query, _body):
    stats = hub.stats.as_dict()
    if "key" not in query:
        return stats
    value = stats
    for part in query["key"].split("|"):        # a path has dots and slashes of its own
        value = value.get(part, 0)
    return Answer(200, (value.encode() if isinstance(value, str) else compact(value)) + b"\n",
                  "text/plain;charset=UTF-8")


def _reset(hub, _query, _body):
    hub.stats.reset()
    return {}


def _set(hub, _query, body):
    hub.set_knobs(body)
    return {}


def _clear(hub, _query, _body):
    hub.clear_knobs()
    return {}


def _knobs(hub, _query, _body):
    return dict(hub.knobs, faults=[dict(f.options, times_left=f.times)
                                   for f in hub.faults.list])


def _add(hub, _query, body):
    if "raw" in body:
        return {"labelId": hub.athlete.add_raw(body["raw"], body["date"], body["startTime"])}
    return {"labelId": hub.athlete.add(body)}


def _edit(hub, _query, body):
    hub.athlete.edit(body["labelId"], body.get("set", {}), body.get("unset", ()))
    return {}


def _delete(hub, _query, body):
    hub.athlete.delete(body["labelId"])
    return {}


def _items(hub, query, _body):
    month = int(query.get("month", 0))
    found = hub.athlete.find(month * 100 or None, month * 100 + 99 if month else None)[0]
    return Answer(200, b"[" + b",\n".join(a.text for a in found) + b"]\n")


def _athlete(hub, _query, body):
    items = athlete_items(body.get("athlete", "article"), body.get("activities", 1000),
                          body.get("years", 5), body.get("seed", 1),
                          body.get("last_day", 20261031))
    hub.athlete.replace(items)
    return {"count": len(items)}


_COMMANDS = {("GET", "stats"): _stats, ("POST", "reset"): _reset, ("POST", "set"): _set,
             ("POST", "clear"): _clear, ("GET", "knobs"): _knobs, ("POST", "add"): _add,
             ("POST", "edit"): _edit, ("POST", "delete"): _delete, ("GET", "items"): _items,
             ("POST", "athlete"): _athlete}


def control(hub, request):
    command = _COMMANDS.get((request.method, request.path.partition("/_hub/")[2]))
    if command is None:
        return Answer(404, compact({"error": "commands: " + ", ".join(
            f"{m} {c}" for m, c in _COMMANDS)}) + b"\n")
    try:
        body = json.loads(request.body) if request.body.strip() else {}
        answer = command(hub, request.query, body)
    except KeyError as e:
        return Answer(404, compact({"error": f"no {e.args[0]}"}) + b"\n")
    except (ValueError, TypeError, AttributeError) as e:
        return Answer(400, compact({"error": str(e)}) + b"\n")
    return answer if isinstance(answer, Answer) else Answer(200, compact(answer) + b"\n")

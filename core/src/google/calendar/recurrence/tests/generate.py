"""Writes dateutil.json: series at random, and when python-dateutil says they take place.

    python generate.py > dateutil.json

dateutil knows wall clocks only, so it expands on the wall clock; what instants these are, says the
standard library. Where dateutil leaves the standard, nothing is generated: numbered weekdays beside
plain ones (it takes what is both), weeks without weekdays, positions within a week (its first week
begins with the start), and a start that its rule does not fit.
"""

import json
import random
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from dateutil.rrule import rruleset, rrulestr

CASES = 300
ZONES = [
    "Europe/Berlin",
    "Europe/Lisbon",
    "America/New_York",
    "America/Sao_Paulo",
    "America/Havana",
    "Africa/Cairo",
    "Asia/Kolkata",
    "Asia/Beirut",
    "Australia/Lord_Howe",
    "Pacific/Auckland",
    "UTC",
]
WEEKDAYS = ["MO", "TU", "WE", "TH", "FR", "SA", "SU"]
BASIC = "%Y%m%dT%H%M%S"
chance = random.Random(20260301)


def some(values, most):
    return ",".join(str(value) for value in sorted(chance.sample(list(values), chance.randint(1, most))))


def either_way(most):
    return [number for number in range(-most, most + 1) if number]


def rule():
    frequency = chance.choice(["DAILY", "WEEKLY", "WEEKLY", "WEEKLY", "MONTHLY", "MONTHLY", "YEARLY"])
    parts = [f"FREQ={frequency}"]
    if chance.random() < 0.5:
        parts.append(f"INTERVAL={chance.choice([1, 2, 2, 3, 4, 5, 6, 13])}")
    if chance.random() < 0.3:
        parts.append(f"WKST={chance.choice(WEEKDAYS)}")
    plain = len(parts)
    if chance.random() < 0.2:
        parts.append(f"BYMONTH={some(range(1, 13), 4)}")
    if frequency != "WEEKLY" and chance.random() < 0.3:
        parts.append(f"BYMONTHDAY={some(either_way(31), 4)}")
    if frequency == "YEARLY" and chance.random() < 0.2:
        parts.append(f"BYYEARDAY={some(either_way(366), 5)}")
    weeks = frequency == "YEARLY" and chance.random() < 0.25
    if weeks:
        parts.append(f"BYWEEKNO={some(either_way(51), 5)}")
    if weeks or chance.random() < 0.5:
        days = chance.sample(WEEKDAYS, chance.randint(1, 4))
        if not weeks and frequency in ("MONTHLY", "YEARLY") and chance.random() < 0.6:
            days = [f"{chance.choice([1, 2, 3, 4, 5, -1, -2])}{day}" for day in days]
        parts.append(f"BYDAY={','.join(days)}")
    if chance.random() < 0.1:
        parts.append(f"BYHOUR={some(range(24), 3)}")
    if len(parts) > plain and frequency != "WEEKLY" and chance.random() < 0.2:
        parts.append(f"BYSETPOS={some([1, 2, 3, -1, -2], 2)}")
    return parts


def instant(wall, zone):
    return wall.replace(tzinfo=zone).astimezone(UTC).strftime(f"{BASIC}Z")


def is_skipped(wall, zone):
    """Google tells the start as an instant, which a wall clock always shows."""
    shown = wall.replace(tzinfo=zone).astimezone(UTC).astimezone(zone)
    return shown.replace(tzinfo=None) != wall


def case():
    name = chance.choice(ZONES)
    zone = ZoneInfo(name)
    parts = rule()
    start = datetime(chance.randint(2010, 2025), chance.randint(1, 12), chance.randint(1, 28))
    start = start.replace(hour=chance.choice([0, 0, 1, 2, 2, 3, 9, 14, 23]), minute=chance.choice([0, 30]))
    # Around a change of clocks as often as not.
    middle = datetime(2025, chance.choice([3, 4, 10, 11]), chance.randint(1, 28))
    since, until = middle - timedelta(days=chance.choice([7, 30, 200])), middle + timedelta(days=60)
    start = next(iter(rrulestr(";".join(parts), dtstart=start)), None)
    if start is None or start > until or is_skipped(start, zone):
        return None
    if chance.random() < 0.25:
        parts.append(f"COUNT={chance.choice([1, 2, 5, 20, 100, 1000])}")
    text, wall_text = ";".join(parts), ";".join(parts)
    if "COUNT" not in text and chance.random() < 0.3:
        end = datetime(2025, chance.randint(1, 12), chance.randint(1, 28), chance.randint(0, 23), 30, tzinfo=UTC)
        if end.astimezone(zone).replace(tzinfo=None) < start:
            return None
        text += f";UNTIL={end.strftime(BASIC)}Z"
        wall_text += f";UNTIL={end.astimezone(zone).strftime(BASIC)}"
    whole = rruleset()
    whole.rrule(rrulestr(wall_text, dtstart=start))
    lines = [f"RRULE:{text}"]
    if chance.random() < 0.2:
        added = middle + timedelta(days=chance.randint(-5, 20), hours=12)
        whole.rdate(added)
        lines.append(f"RDATE;TZID={name}:{added.strftime(BASIC)}")
    found = whole.between(since, until, inc=True)
    if found and chance.random() < 0.3:
        excluded = chance.sample(found, min(len(found), 2))
        for date in excluded:
            whole.exdate(date)
        lines.append(f"EXDATE;TZID={name}:{','.join(date.strftime(BASIC) for date in excluded)}")
        found = whole.between(since, until, inc=True)
    if not (0 < len(found) <= 24):
        return None
    return {
        "zone": name,
        "start": start.strftime(BASIC),
        "lines": lines,
        "since": instant(since, zone),
        "until": instant(until + timedelta(seconds=1), zone),
        "found": sorted({instant(date, zone) for date in found}),
    }


cases = []
while len(cases) < CASES:
    made = case()
    if made is not None:
        cases.append(json.dumps(made, separators=(",", ":")))
print("[\n" + ",\n".join(cases) + "\n]")

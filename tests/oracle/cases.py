#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Makes cases for the comparison with Beam: windowing, trigger and a script of elements, watermark
and clock, one JSON object a line. The same seed gives the same cases.

    cases.py COUNT [SEED]

What is left out, since Beam's answer is a slip of its own (docs/decisions/0029-beam-as-oracle.md):
times before 1970, aligned clocks, and `all` and `any` as early or late part.

Times are milliseconds, as Beam's. Elements are added one by one, so that a trigger is asked after
each: Beam asks once per bundle (R31).
"""
import json
import random
import sys

HOUR = 3600_000


def once(r, depth=1):
    kind = r.choice(["count", "count", "time", "time", "end"] + (["all", "any"] if depth else []))
    if kind == "count":
        return {"t": "count", "n": r.randint(1, 4)}
    if kind == "time":
        return {"t": "time", "delay": r.choice([0, 5, 10, 30])}
    if kind in ("all", "any"):
        return {"t": kind, "of": [once(r, 0) for _ in range(r.randint(2, 3))]}
    return {"t": "end"}


def trigger(r, depth=2):
    kind = r.choice(
        ["early_late"] * 6 + ["repeat"] * 6 + ["default", "once", "never"]
        + (["each", "or_finally"] * 2 if depth else [])
    )
    if kind == "early_late":
        t = {"t": "early_late"}
        which = r.choice(["early", "late", "both"])
        if which != "late":
            t["early"] = once(r, 0)
        if which != "early":
            t["late"] = once(r, 0)
        return t
    if kind == "repeat":
        part = once(r) if r.random() < 0.7 or not depth else trigger(r, 0)
        # repeated ends of windows are the default trigger, which Beam does not see in them
        return {"t": "repeat", "of": {"t": "count", "n": 2} if part["t"] == "end" else part}
    if kind == "each":
        return {"t": "each", "of": [trigger(r, depth - 1) for _ in range(r.randint(2, 3))]}
    if kind == "or_finally":
        return {"t": "or_finally", "main": trigger(r, depth - 1), "until": once(r)}
    if kind == "once":
        return once(r)
    return {"t": kind}


def windows(r):
    kind = r.choice(
        ["global", "fixed", "fixed", "sliding", "session", "session", "session", "days"])
    if kind == "fixed":
        size = r.choice([100, 250])
        return {"kind": kind, "size": size, "offset": r.choice([0, 0, 30])}
    if kind == "sliding":
        every = r.choice([50, 100])
        return {"kind": kind, "size": every * r.choice([1, 2, 3]), "every": every,
                "offset": r.choice([0, 20])}
    if kind == "session":
        return {"kind": kind, "size": r.choice([20, 60, 100])}
    if kind == "days":
        return {"kind": kind, "count": r.choice([1, 1, 2]),
                "zone": r.choice(["Europe/Berlin", "America/New_York", "Asia/Kolkata", "UTC"])}
    return {"kind": kind}


def script(r, kind):
    unit = 12 * HOUR if kind == "days" else 25
    base = 1_711_800_000_000 if kind == "days" else r.choice([1_000, 1_000_000])
    now, steps, value = base, [], 1
    for _ in range(r.randint(4, 24)):
        what = r.random()
        if what < 0.62:
            at = now + r.choice([-6, -3, -2, -1, 0, 0, 0, 1, 2, 4]) * unit + r.choice([0, 0, 1, -1])
            steps.append(["add", r.choice("aab"), value, at])
            value = value * 2 if value < 1 << 40 else 1
        elif what < 0.82:
            now += r.choice([1, 1, 2, 4, 10]) * unit
            steps.append(["watermark", now])
        else:
            steps.append(["clock", r.choice([1, 5, 10, 11, 30, 100])])
    return steps


def case(number, seed):
    r = random.Random(f"{seed}/{number}")
    w = windows(r)
    c = {"id": number, "windows": w, "step": r.choice(["sum", "sum", "group", "chain"])}
    if r.random() < 0.85:
        c["trigger"] = trigger(r)
        # what may finish loses data, and most of it is refused (R20): repeat it, mostly
        if c["trigger"]["t"] not in ("repeat", "default", "never", "end") and r.random() < 0.6:
            c["trigger"] = {"t": "repeat", "of": c["trigger"]}
    custom = c.get("trigger", {"t": "default"})["t"] != "default"
    if r.random() < (0.97 if custom else 0.4):
        c["mode"] = r.choice(["accumulating", "discarding"])
    if r.random() < (0.97 if custom else 0.6):
        c["lateness"] = r.choice([0, 0, 25, 100]) * (HOUR if w["kind"] == "days" else 1)
        if r.random() < 0.4:
            c["closing"] = "always"
    if r.random() < 0.3:
        c["on_time"] = r.choice(["always", "if_non_empty"])
    if r.random() < 0.4:
        c["output_time"] = r.choice(["earliest", "latest", "end_of_window"])
    c["script"] = script(r, w["kind"])
    return c


def main():
    count = int(sys.argv[1])
    seed = sys.argv[2] if len(sys.argv) > 2 else "1"
    for number in range(count):
        print(json.dumps(case(number, seed), separators=(",", ":")))


main()

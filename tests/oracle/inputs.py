#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Makes the inputs of the whole pipelines, one run a line as a JSON object: bounded rows, or a
script of elements, watermark and clock. The same seed gives the same runs.

    inputs.py [SEED [PIPELINE]]

Times are milliseconds, as Beam's. Elements of scripts are added one by one. They are out of order,
some late, some too late, and many at the very edges of windows.
"""
import json
import random
import sys

BASE = 1_599_999_900_000  # a multiple of five minutes

# --- a text: sentences by a small grammar, common words more often than rare ones

NOUNS = """house river garden teacher winter letter window market mountain sailor engine harbour
story candle orchard bridge stranger clock village shadow silver morning evening summer basket
captain daughter father island journey kitchen lantern meadow needle ocean painter question
railway sister thunder uncle valley whisper yard zebra café über niño façade""".split()
VERBS = """saw found took gave left carried opened closed watched followed remembered forgot painted
mended sold bought crossed reached praised feared loved kept hid drew counted measured""".split()
KINDS = """old young quiet bright empty heavy narrow green golden broken distant early hidden little
patient sudden tired warm wooden yellow""".split()
PLACES = "in on under behind near beyond above beside".split()
JOINS = ["and", "but", "while", "because", "so", "until"]


def pick(r, words):
    return words[min(int(r.paretovariate(0.9)) - 1, len(words) - 1)]


def phrase(r):
    kind = pick(r, KINDS) + " " if r.random() < 0.5 else ""
    owner = r.choice(["the", "the", "the", "a", "her", "his", "nobody's", "the sailor's"])
    return f"{owner} {kind}{pick(r, NOUNS)}"


def clause(r):
    text = f"{phrase(r)} {pick(r, VERBS)} {phrase(r)}"
    return text + f" {r.choice(PLACES)} {phrase(r)}" if r.random() < 0.4 else text


def sentence(r):
    text = clause(r)
    if r.random() < 0.35:
        text += f", {r.choice(JOINS)} {clause(r)}"
    if r.random() < 0.05:
        text += f" ({r.randint(2, 99)} times)"
    return (text[0].upper() if text[0].isascii() else text[0]) + text[1:] + r.choice(".....!?")


def line(r):
    what = r.random()
    if what < 0.04:
        return ""
    if what < 0.06:
        return "".join(c.upper() if c.isascii() else c for c in sentence(r))
    return sentence(r) + (" " + sentence(r) if r.random() < 0.2 else "")


# --- scripts

def element(at, fields):
    """As both sides read it: JSON, with its event time."""
    return json.dumps({"at": at, **fields}, separators=(",", ":"), ensure_ascii=False)


def instant(r, now, edges):
    """A time around now: as it is, or on a grid that ends of windows lie on, or just before."""
    return now // edges * edges + r.choice([0, 0, -1]) if r.random() < 0.3 else now


def script(r, makers, count, step=4000, disorder=10_000, late=0.15, late_by=(20_000, 200_000),
           clock=True, unique=False, begin=(), lag=0):
    """`count` elements of inputs by chance, watermark and clock between. A share of them is late by
    so much, and others, unless the watermark lags by as much as there is disorder."""
    now, mark, used, steps = BASE + r.randrange(60_000), 0, set(), list(begin)
    names = list(makers)
    for _ in range(count):
        now += int(r.expovariate(1 / step))
        at = now - r.randrange(disorder)
        if r.random() < late:
            at -= r.randrange(*late_by)
        at = instant(r, at, 10_000)
        while unique and at in used:
            at += 1
        used.add(at)
        name = r.choice(names)
        steps.append(["add", name, at, element(at, makers[name](r))])
        if r.random() < 0.3:
            mark = max(mark + 1, instant(r, now - lag - r.randrange(disorder), 10_000))
            steps.append(["watermark", mark])
        if clock and r.random() < 0.3:
            steps.append(["clock", r.choice([1_000, 4_000, 10_000, 11_000, 30_000])])
    return {"script": steps}


def bounded(r, makers, counts, timed=True):
    rows = {}
    for name, make in makers.items():
        times = [BASE + r.randrange(600_000) if timed else None for _ in range(counts[name])]
        rows[name] = [[at, element(at, make(r))] for at in times]
    return {"rows": rows}


# --- elements

def one_of(prefix, count):
    def make(r):
        return f"{prefix}{min(int(r.paretovariate(1.0)), count)}"
    return make


def record(**fields):
    return lambda r: {name: make(r) for name, make in fields.items()}


def number(low, high):
    return lambda r: r.randint(low, high)


def orders(cities, high=500):
    return record(city=one_of("city", cities), cents=number(1, high))


def clicks(users, pages):
    return record(user=one_of("u", users), page=one_of("p", pages))


SIZES = [(8, 2), (12, 3), (20, 3), (80, 5), (250, 12)]  # elements, keys
# Beam's DirectRunner asks again and again whether elements can go on that wait for a side input
SMALL = SIZES[:4]


def scripts(makers_of, sizes=SIZES, **how):
    """A run for each size, of what `makers_of` says for so many keys."""
    def runs(r):
        return [script(r, makers_of(keys), count, **how) for count, keys in sizes]
    return runs


def word_count(r):
    make = {"lines": record(text=line)}
    return [bounded(r, make, {"lines": n}, timed=False) for n in (0, 1, 300, 4000)]


def totals(r):
    return [bounded(r, {"orders": orders(5)}, {"orders": n}) for n in (0, 1, 40, 3000)]


def side_list(r):
    make = {"orders": orders(9), "closed": record(city=one_of("city", 6))}
    return [bounded(r, make, {"orders": n, "closed": closed})
            for n, closed in ((5, 0), (20, 1), (200, 3), (2000, 4))]


def side_map(r):
    runs = []
    for n, items in ((5, 2), (40, 5), (1500, 12)):
        make = {"orders": record(item=one_of("item", items), pieces=number(1, 9)),
                "colours": record(item=one_of("item", items), colour=one_of("colour", 7))}
        run = bounded(r, make, {"orders": n, "colours": items})
        prices = [{"item": f"item{i}", "cents": r.randint(10, 90)} for i in range(1, items)]
        run["rows"]["prices"] = [[BASE, element(BASE, price)] for price in prices]
        runs.append(run)
    return runs


def around_an_expiry(r):
    """A minute whose lateness is half a minute, around each of its edges: on time, late, at the
    watermark that is still allowed and at the first that is not; and a city that is only late."""
    steps, ends, cents = [], BASE + 60_000, iter(r.sample(range(1, 500), 12))

    def add(city, at):
        steps.append(["add", "orders", at, element(at, {"city": city, "cents": next(cents)})])

    def watermark(at):
        steps.append(["watermark", at])

    add("in_time", BASE)
    add("always", ends - 1)
    watermark(ends - 1)
    add("in_time", ends - 1)  # at the watermark: not late
    watermark(ends)
    add("always", BASE + 1)
    add("late", ends - 1)
    watermark(ends + 29_999)
    add("late", BASE)  # the last watermark at which it is allowed
    add("always", ends - 1)
    watermark(ends + 30_000)
    add("always", ends - 1)  # beyond
    add("beyond", BASE + 30_000)
    add("always", ends)  # the next minute
    watermark(ends + 45_000)
    add("in_time", ends + 59_999)
    watermark(ends + 200_000)  # past end and expiry in one step
    add("in_time", ends + 59_999)
    return {"script": steps}


def held(run):
    """A script without late elements whose city has none in time in that minute: what they give is
    late itself, unless other keys happen to hold the watermark."""
    mark, holds, steps = 0, set(), []
    for step in run["script"]:
        if step[0] == "watermark":
            mark = step[1]
        else:
            minute = step[2] // 60_000
            key = (json.loads(step[3])["city"], minute)
            if mark < (minute + 1) * 60_000:
                holds.add(key)
            elif key not in holds:
                continue
        steps.append(step)
    return {"script": steps}


def expiries(r):
    made = [script(r, by_city(keys), count, late=0.4, late_by=(5_000, 120_000), clock=False)
            for count, keys in SIZES]
    return [around_an_expiry(r), *made]


def by_city(keys):
    return {"orders": orders(keys)}


def by_user(keys):
    return {"clicks": clicks(keys, 2 * keys)}


PIPES = {
    "word_count": word_count,
    "words_by_minute": scripts(lambda keys: {"lines": record(text=line)}, clock=False),
    "sliding_count": scripts(by_user, clock=False),
    "sessions": scripts(by_user, step=8000, clock=False),
    "session_lengths": scripts(by_user, step=8000, clock=False),
    "early_late": scripts(by_city),
    "leaderboard": scripts(
        lambda keys: {"points": record(team=one_of("team", keys), points=number(1, 20))}),
    "cogroup": scripts(lambda keys: {
        "names": record(id=one_of("c", keys), name=one_of("name", 99)),
        "orders": record(id=one_of("c", keys), cents=number(1, 900)),
        "visits": record(id=one_of("c", keys), page=one_of("p", 9))}, clock=False),
    "joins": scripts(lambda keys: {
        "orders": record(id=one_of("c", keys), cents=number(1, 900)),
        "payments": record(id=one_of("c", keys), cents=number(1, 900))}, clock=False),
    "hot_keys": scripts(lambda keys: by_city(2), clock=False),
    "hot_sessions": scripts(lambda keys: by_city(2), late=0, lag=20_000, clock=False),
    "totals": totals,
    "figures": scripts(by_city, clock=False),
    "spread": scripts(by_city, clock=False),
    "side_singleton": scripts(by_city, SMALL, late=0, clock=False),
    "side_default": scripts(
        lambda keys: {"orders": orders(keys), "limits": record(cents=number(300, 900))},
        SMALL, late=0, lag=20_000, clock=False),
    "side_list": side_list,
    "side_map": side_map,
    "side_windows": scripts(
        lambda keys: {"clicks": clicks(keys, keys), "views": clicks(keys, keys)},
        SMALL, late=0, lag=20_000, clock=False),
    "side_firings": scripts(
        lambda keys: {"orders": orders(keys), "rates": record(rate=number(1, 99))}, clock=False),
    "running": scripts(by_city, clock=False),
    "totals_at_expiry": scripts(by_city, clock=False),
    "late_at_expiry": lambda r: [held(run) for run in expiries(r)],
    "ends_and_expiries": expiries,
    "sets_and_maps": scripts(lambda keys: {"orders": orders(keys, 9)}, clock=False),
    "ordered_list": scripts(by_city, clock=False, unique=True),
    "time_sorted": scripts(by_city, clock=False, unique=True),
    "state_by_state": scripts(by_city, clock=False),
    "parcels": scripts(by_city, clock=False),
    "parcels_by_clock": scripts(by_city),
    "reminders": scripts(lambda keys: {"orders": orders(keys, 99)}, clock=False),
    "looping_timer": scripts(by_city, clock=False),
    "aligned_timer": scripts(by_city, late=0, clock=False, begin=[["watermark", BASE - 60_001]]),
    "distinct": scripts(by_user, clock=False),
    "deduplicate": scripts(by_user),
    "latest": scripts(by_city, clock=False, unique=True),
    "batches": scripts(by_city),
    "wait_on": scripts(lambda keys: {"orders": orders(keys), "clicks": clicks(keys, keys)}, SMALL,
                       clock=False),
    "flatten": scripts(
        lambda keys: {"clicks": clicks(keys, keys), "views": clicks(keys, keys)},
        step=8000, clock=False),
    "partition": scripts(by_city, clock=False),
    "reshuffle": scripts(by_city, clock=False),
    "splittable": scripts(
        lambda keys: {"jobs": record(name=one_of("job", keys), ticks=number(0, 12))},
        clock=False),
}


def runs_of(pipe, seed):
    r = random.Random(f"{seed}/{pipe}")
    return [{"pipe": pipe, "run": number, **run} for number, run in enumerate(PIPES[pipe](r))]


def main():
    seed = sys.argv[1] if len(sys.argv) > 1 else "1"
    for pipe in sys.argv[2:] or PIPES:
        for run in runs_of(pipe, seed):
            print(json.dumps(run, separators=(",", ":"), ensure_ascii=False))


if __name__ == "__main__":
    main()

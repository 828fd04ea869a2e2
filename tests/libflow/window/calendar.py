#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Calendar windows against Python's zoneinfo, over this system's zones: days, weeks, months and
years around clock changes, long ago, and far ahead. Speaks TAP: calendar.py PROBE"""
import datetime
import random
import subprocess
import sys

try:
    import zoneinfo
    ZONES_THERE = 'Europe/Berlin' in zoneinfo.available_timezones()
except ImportError:
    ZONES_THERE = False

UTC = datetime.timezone.utc
EPOCH = datetime.datetime(1970, 1, 1, tzinfo=UTC)
DAY, WEEK, MONTH, YEAR = range(4)
ZONES = ['Europe/Berlin', 'America/Sao_Paulo', 'Asia/Kolkata', 'Pacific/Apia', 'America/St_Johns',
         'Africa/Cairo', 'Asia/Gaza', 'Europe/Dublin', 'America/New_York', 'Australia/Lord_Howe',
         'Asia/Tehran', 'America/Havana', 'Atlantic/Azores', 'Pacific/Kwajalein', 'Asia/Manila',
         'Africa/Monrovia', 'America/Nuuk', 'Africa/Casablanca', 'Antarctica/Troll', 'UTC']
INSTANTS = 50


def seconds(moment):
    return int((moment - EPOCH).total_seconds())


def local(zone, at):
    return datetime.datetime.fromtimestamp(at, UTC).astimezone(zone).replace(tzinfo=None)


def first_instant(zone, date):
    """The first instant at which local time is midnight of the date or later."""
    midnight = datetime.datetime.combine(date, datetime.time())
    plain = seconds(midnight.replace(tzinfo=UTC))
    low, high = plain - 30 * 3600, plain + 30 * 3600
    # Local time may go back, so every change in between is looked at: between two of them it only
    # goes forward.
    steps = [low]
    for at in range(low, high, 900):
        if local(zone, at + 900) - local(zone, at) != datetime.timedelta(seconds=900):
            steps.append(bisect(at, at + 900, lambda t, a=at: local(zone, t) - local(zone, a) !=
                                datetime.timedelta(seconds=t - a)))
    steps.append(high)
    for begin, end in zip(steps, steps[1:]):
        if local(zone, end - 1) >= midnight:
            return bisect(begin - 1, end - 1, lambda t: local(zone, t) >= midnight)
    raise AssertionError('no such midnight')


def bisect(no, yes, holds):
    """The first that holds, between one that does not and one that does."""
    while yes - no > 1:
        middle = (no + yes) // 2
        no, yes = (no, middle) if holds(middle) else (middle, yes)
    return yes


def first_date(case, number):
    """The date that window `number` begins on."""
    _, unit, units, month, day = case
    if unit == DAY:
        return datetime.date(1970, 1, 1) + datetime.timedelta(days=number * units + day - 1)
    if unit == WEEK:
        return datetime.date(1969, 12, 29) + datetime.timedelta(days=7 * number * units + day - 1)
    if unit == MONTH:
        return datetime.date(1970 + number * units // 12, number * units % 12 + 1, day)
    return datetime.date(1970 + number * units, month or 1, day)


def window(case, zone, at):
    """Found by going from window to window, from one that begins before."""
    date = local(zone, at).date()
    length = {DAY: 1, WEEK: 7, MONTH: 30.44, YEAR: 365.24}[case[1]] * case[2]
    number = int((date - datetime.date(1970, 1, 1)).days // length) - 3
    start = first_instant(zone, first_date(case, number))
    while True:
        end = first_instant(zone, first_date(case, number + 1))
        if start <= at < end:
            return start, end
        if start > at:
            return None
        start, number = end, number + 1


def changes(zone):
    """Instants of clock changes from 1840 to 2090."""
    found = []
    at, end = -4102444800, 3786912000
    while at < end:
        if local(zone, at + 604800) - local(zone, at) != datetime.timedelta(seconds=604800):
            found.append(bisect(at, at + 604800, lambda t, a=at: local(zone, t) - local(zone, a) !=
                                datetime.timedelta(seconds=t - a)))
        at += 604800
    return found


def instants(name, zone):
    chance = random.Random(name)
    near = changes(zone)
    known = [seconds(datetime.datetime(2018, 11, 4, 3, tzinfo=UTC)),
             seconds(datetime.datetime(2011, 12, 30, 10, tzinfo=UTC))]
    for at in known:
        yield from (at - 1, at, at + 1)
    for _ in range(INSTANTS):
        at = chance.choice(near) if near and chance.random() < 0.7 else chance.randint(
            -4102444800, 3786912000)
        yield at + chance.randint(-40 * 3600, 40 * 3600)


def cases(name):
    yield name, DAY, 1, 0, 1
    yield name, DAY, 3, 0, 2
    yield name, WEEK, 1, 0, 7
    yield name, MONTH, 1, 0, 1
    yield name, YEAR, 1, 4, 6


def check(probe, name):
    zone = zoneinfo.ZoneInfo(name)
    asked = [(case, at) for at in instants(name, zone) for case in cases(name)
             if case[1] == DAY or at % 5 == 0]
    lines = ''.join(' '.join(map(str, case)) + f' {at * 1000000 + 999999}\n' for case, at in asked)
    told = subprocess.run([probe], input=lines, stdout=subprocess.PIPE, text=True, timeout=100,
                          check=True).stdout.splitlines()
    if len(told) != len(asked):
        return f'{len(told)} answers to {len(asked)} questions'
    for (case, at), answer in zip(asked, told):
        start, end = window(case, zone, at)
        offset = int((local(zone, at) - local(UTC, at)).total_seconds())
        if answer != f'{start} {end} {offset}':
            return f'{case} at {at}: {answer}, and zoneinfo says {start} {end} {offset}'
    return ''


def main():
    zones = ZONES if ZONES_THERE else []
    print(f'1..{max(1, len(zones))}')
    if not zones:
        print('ok 1 - calendar # SKIP no zoneinfo or no zone data here')
    for number, name in enumerate(zones, 1):
        fault = check(sys.argv[1], name)
        print(f"{'not ok' if fault else 'ok'} {number} - {name} as zoneinfo has it")
        if fault:
            print(f'# {fault}')


if __name__ == '__main__':
    main()

#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Counts test cases, not programs, over every suite of `./dev test`.

tally.py add RESULTS SUITE MESON_LOG.json CASES   cases of one `meson test` run; prints their count
tally.py one RESULTS SUITE NAME STATUS SECONDS [MESSAGE]   one case by hand
tally.py end RESULTS [--junit FILE] [--tap]       the failures, then `N passed, N failed`
"""
import hashlib
import json
import os
import re
import sys
import xml.etree.ElementTree as tree

CHECK = '{http://check.sourceforge.net/ns}'
TAP_LINE = re.compile(r'^(not )?ok\b\s*\d*\s*-?\s*(.*)$')
CHECK_CASE = re.compile(r'^\S*?([^/\s:]+\.c):([^:]+):(\w+)(?:: (.*)|\s*)$')


def case(suite, program, name, status, seconds=0.0, message=''):
    return {'suite': suite, 'program': program, 'name': name, 'status': status,
            'seconds': max(seconds, 0.0), 'message': message}


def tap_cases(suite, program, text):
    """Cases in TAP, from Check or from one of our scripts."""
    found = []
    for line in text.splitlines():
        match = TAP_LINE.match(line)
        if not match:
            if line.startswith('# ') and found and found[-1]['status'] == 'failed':
                found[-1]['message'] += line[2:] + '\n'
            continue
        status = 'failed' if match.group(1) else 'passed'
        name, message = match.group(2), ''
        if re.search(r'#\s*skip', name, re.I):
            status = 'skipped'
            name, _, message = name.partition('#')
        check = CHECK_CASE.match(name)
        if check:
            name, message = check.group(3), check.group(4) or message
        found.append(case(suite, program, name.strip(), status, 0.0, message.strip()))
    return found


def check_cases(suite, program, path):
    """Cases in the log that Check wrote; none when the program died before writing it."""
    try:
        root = tree.parse(path).getroot()
    except (OSError, tree.ParseError):
        return []
    found = []
    for test in root.iter(CHECK + 'test'):
        def text(name):
            node = test.find(CHECK + name)
            return node.text or '' if node is not None else ''
        status = 'passed' if test.get('result') == 'success' else 'failed'
        found.append(case(suite, program, text('id'), status, float(text('duration') or 0),
                          f"{text('fn')}: {text('message')}"))
    return found


def program_cases(suite, run, folder):
    """Cases of one test of meson."""
    program = run['name'].split(' / ')[-1]
    command = run['command']
    if command and command[0].endswith('check_run.sh'):
        command = command[1:]
    key = hashlib.md5(''.join(part + '\n' for part in command).encode()).hexdigest()[:16]
    found = tap_cases(suite, program, run.get('stdout', ''))
    if not found:
        found = check_cases(suite, program, os.path.join(folder, key + '.xml'))
    result = run['result']
    if result in ('OK', 'EXPECTEDFAIL'):
        return found or [case(suite, program, program, 'passed', run['duration'])]
    if result == 'SKIP':
        return found or [case(suite, program, program, 'skipped', run['duration'])]
    if not any(one['status'] == 'failed' for one in found):
        tail = (run.get('stdout', '') + run.get('stderr', '')).strip()[-2000:]
        found.append(case(suite, program, program, 'failed', run['duration'],
                          f'{result}, exit status {run.get("returncode")}\n{tail}'))
    return found


def counted(cases):
    number = {'passed': 0, 'failed': 0, 'skipped': 0}
    for one in cases:
        number[one['status']] += 1
    line = f"{number['passed']} passed, {number['failed']} failed"
    if number['skipped']:
        line += f", {number['skipped']} skipped"
    return number, line


def append(results, cases):
    with open(results, 'a', encoding='utf-8') as out:
        for one in cases:
            out.write(json.dumps(one) + '\n')


def add(results, suite, log, folder):
    cases = []
    with open(log, encoding='utf-8') as lines:
        for line in lines:
            cases += program_cases(suite, json.loads(line), folder)
    append(results, cases)
    print(counted(cases)[1])


def write_junit(path, cases):
    """JUnit's XML, without the control characters that XML cannot hold."""
    root = tree.Element('testsuites')
    for suite in sorted({one['suite'] for one in cases}):
        mine = [one for one in cases if one['suite'] == suite]
        number, _ = counted(mine)
        node = tree.SubElement(root, 'testsuite', name=suite, tests=str(len(mine)),
                               failures=str(number['failed']), skipped=str(number['skipped']))
        for one in mine:
            leaf = tree.SubElement(node, 'testcase', classname=f"{suite}.{one['program']}",
                                   name=one['name'], time=f"{one['seconds']:.6f}")
            text = re.sub(r'[^\t\n\x20-\ud7ff\ue000-\ufffd]', '?', one['message'])
            if one['status'] == 'failed':
                tree.SubElement(leaf, 'failure', message=text.split('\n')[0]).text = text
            elif one['status'] == 'skipped':
                tree.SubElement(leaf, 'skipped', message=text.split('\n')[0])
    tree.ElementTree(root).write(path, encoding='utf-8', xml_declaration=True)


def print_tap(cases):
    print(f'1..{len(cases)}')
    for index, one in enumerate(cases, 1):
        sign = 'not ok' if one['status'] == 'failed' else 'ok'
        skip = ' # SKIP' if one['status'] == 'skipped' else ''
        print(f"{sign} {index} - {one['suite']}: {one['program']}: {one['name']}{skip}")


def print_skipped(cases):
    """A line for each program and reason: they may be many."""
    skipped = {}
    for one in cases:
        if one['status'] == 'skipped':
            why = re.sub(r'^SKIP\s*|:\s*Passed$', '', one['message'].strip(), flags=re.I)
            key = (one['suite'], one['program'], why)
            skipped[key] = skipped.get(key, 0) + 1
    for (suite, program, why), count in skipped.items():
        print(f'skipped: {suite}: {program}: {count}' + (f' ({why})' if why else ''))


def end(results, junit, tap):
    with open(results, encoding='utf-8') as lines:
        cases = [json.loads(line) for line in lines]
    number, line = counted(cases)
    if tap:
        print_tap(cases)
    print_skipped(cases)
    for one in cases:
        if one['status'] == 'failed':
            print(f"failed: {one['suite']}: {one['program']}: {one['name']}")
            for text in one['message'].splitlines()[:40]:
                print('    ' + text)
    if junit:
        write_junit(junit, cases)
    print(line)
    return 1 if number['failed'] or not number['passed'] else 0


def main(words):
    verb, results, rest = words[0], words[1], words[2:]
    if verb == 'add':
        add(results, *rest)
    elif verb == 'one':
        suite, name, status, seconds = rest[:4]
        append(results, [case(suite, suite, name, status, float(seconds), ' '.join(rest[4:]))])
    elif verb == 'end':
        junit = rest[rest.index('--junit') + 1] if '--junit' in rest else None
        return end(results, junit, '--tap' in rest)
    return 0


if __name__ == '__main__':
    sys.exit(main(sys.argv[1:]))

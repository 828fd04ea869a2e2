#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The style test. Prints `file:line: sentence` for whatever breaks a rule of the house.

tidy.py [--root FOLDER] [--build FOLDER] [--tap] [RULE…]   check the tree (all rules, or some)
tidy.py --cases FOLDER [--tap]                             check the checker: its own bad snippets
"""
import argparse
import os
import re
import sys

sys.dont_write_bytecode = True  # the tree stays as it was

import arrows
import house
import model
import names
import shape
from tree import Tree, read_tree

RULES = {**shape.RULES, **arrows.RULES, **names.RULES, **house.RULES, **model.RULES}


def check_tree(options):
    tree = read_tree(options.root, options.build)
    chosen = options.rules or list(RULES)
    faults = 0
    for number, rule in enumerate(chosen, 1):
        found = sorted(set(RULES[rule](tree)))
        faults += len(found)
        if options.tap:
            print(f"{'not ok' if found else 'ok'} {number} - {rule}")
        for path, line, sentence in found:
            print(f"{'# ' if options.tap else ''}{path}:{line}: {sentence}")
    print(f"{'# ' if options.tap else ''}{shape.figures(tree)}")
    if options.tap:
        print(f'1..{len(chosen)}')
    return 1 if faults else 0


def read_case(path):
    """A case: `expect:` lines, then files, each after `=== path` (and `=== symbols` for exports).

    `@repeat COUNT TEXT` stands for that many lines.
    """
    expected, files, symbols, name = [], {}, None, None
    with open(path, encoding='utf-8') as opened:
        for line in opened.read().splitlines():
            if line.startswith('=== '):
                name = line[4:]
                files[name] = ''
            elif name is None:
                if line.startswith('expect: '):
                    expected.append(line[len('expect: '):])
            else:
                repeat = re.match(r'@repeat (\d+) ?(.*)$', line)
                count, text = (int(repeat.group(1)), repeat.group(2)) if repeat else (1, line)
                files[name] += (text + '\n') * count
    if 'symbols' in files:
        symbols = files.pop('symbols').split()
    return expected, Tree(None, files, symbols)


def check_case(path, rule):
    """Empty, or what is wrong: each expected fault is reported, and nothing else."""
    expected, tree = read_case(path)
    rules = RULES.values() if rule == 'good' else [RULES[rule]]
    found = [f'{path}:{line}: {sentence}'
             for one in rules for path, line, sentence in sorted(set(one(tree)))]
    wrong = [f'not reported: {want}' for want in expected
             if not any(have.startswith(want) for have in found)]
    wrong += [f'reported wrongly: {have}' for have in found
              if not any(have.startswith(want) for want in expected)]
    if rule != 'good' and not expected:
        wrong.append('expects nothing')
    return wrong


def check_cases(options):
    cases = {name[:-4]: os.path.join(options.cases, name)
             for name in sorted(os.listdir(options.cases)) if name.endswith('.txt')}
    results = []
    for rule in list(RULES) + ['good']:
        wrong = check_case(cases[rule], rule) if rule in cases else ['has no case']
        results.append((rule, wrong))
    results += [(name, ['is the case of no rule']) for name in cases
                if name not in RULES and name != 'good']
    for number, (rule, wrong) in enumerate(results, 1):
        if options.tap:
            print(f"{'not ok' if wrong else 'ok'} {number} - rule {rule} reports what it must")
        for sentence in wrong:
            print(f"{'# ' if options.tap else ''}cases/{rule}.txt: {sentence}")
    if options.tap:
        print(f'1..{len(results)}')
    return 1 if any(wrong for _, wrong in results) else 0


def main():
    here = os.path.dirname(os.path.abspath(__file__))
    parser = argparse.ArgumentParser(description='The style test.')
    parser.add_argument('--root', default=os.path.dirname(os.path.dirname(here)))
    parser.add_argument('--build', help='build folder, to check what the library exports')
    parser.add_argument('--cases', help='folder of cases to check the checker with')
    parser.add_argument('--tap', action='store_true')
    parser.add_argument('rules', nargs='*', metavar='RULE', help=', '.join(RULES))
    options = parser.parse_args()
    unknown = [rule for rule in options.rules if rule not in RULES]
    if unknown:
        parser.error(f'there is no rule {unknown[0]}')
    return check_cases(options) if options.cases else check_tree(options)


if __name__ == '__main__':
    sys.exit(main())

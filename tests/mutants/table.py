# SPDX-License-Identifier: Apache-2.0
"""Tables of mutants. A table begins with settings, `name: value` a line, and `#` comments:

    tests: ^r[0-9]     which tests run, by name (an extended regular expression)
    seeds: 20          how many seeds a random test takes
    apart: yes         tests of other rules must not notice

Then the mutants, a blank line between two:

    R24 dropped at the expiry, not past it
    file: runners/core/late.c
    also: R26          tests of these rules notice too
    stops: yes         crashing or hanging is how it shows
    seeds: 40          for the tests of its own rule
    found: r3, seed 17 which random test noticed it when, for who reads the page
    -text as it stands, found once in the file: lines, or a part of one
    +what stands there instead

A `-` behind a `+` begins another place of the same change.
"""
import re

KINDS = {'model': 'Mutants of the model', 'concurrency': 'Mutants of concurrency',
         'spilling': 'Mutants of spilling'}


class TableError(Exception):
    """A table that cannot be read, or that does not fit the tree any more."""


class Mutant:
    """One small change: of which rule, what it says, and where."""

    def __init__(self, name, says, line):
        self.name, self.says, self.line = name, says, line
        self.file, self.also, self.stops, self.found, self.places = '', [], False, '', []
        self.seeds = ''

    def take(self, line):
        if line[0] == '-':
            if not self.places or self.places[-1][1]:
                self.places.append(([], []))
            self.places[-1][0].append(line[1:])
            return
        if line[0] == '+' and self.places:
            self.places[-1][1].append(line[1:])
            return
        key, _, value = line.partition(': ')
        if key == 'file':
            self.file = value
        elif key == 'also':
            self.also = value.split()
        elif key == 'found':
            self.found = value
        elif key == 'seeds':
            self.seeds = value
        elif key == 'stops':
            self.stops = value == 'yes'
        else:
            raise TableError(f'{self.name}: what is {line!r}?')


def parse_table(text):
    """(settings, mutants) of the text of a table."""
    settings = {'tests': '.', 'seeds': '20', 'apart': 'no'}
    mutants, inside = [], False
    for number, line in enumerate(text.splitlines(), 1):
        setting = re.match(r'(\w+): (.*)$', line)
        if line.startswith('#'):
            continue
        if not line.strip():
            inside = False
        elif inside:
            mutants[-1].take(line)
        elif not mutants and setting and setting.group(1) in settings:
            settings[setting.group(1)] = setting.group(2)
        else:
            name, _, says = line.partition(' ')
            mutants.append(Mutant(name, says, number))
            inside = True
    return settings, mutants


def patched(mutant, text):
    """The file with the change in it."""
    whole = text
    for old_lines, new_lines in mutant.places:
        old, new = '\n'.join(old_lines), '\n'.join(new_lines)
        found = text.count(old)
        if found != 1:
            raise TableError(f'STALE: its text stands {found} times in {mutant.file}')
        whole = whole.replace(old, new)
    if whole == text:
        raise TableError('STALE: it changes nothing')
    return whole


def page(texts):
    """docs/internals/mutants.md, of the texts of the tables by kind."""
    lines = ['# Mutants', '',
             'Made by `python3 tests/mutants/run.py --page` from the tables in `tests/mutants`;',
             'tidy compares. Each line is a small change of the library that the tests must',
             'notice: [testing.md](testing.md) says how.', '']
    for kind, title in KINDS.items():
        if kind not in texts:
            continue
        mutants = parse_table(texts[kind])[1]
        seeds = any(one.found for one in mutants)
        lines += [f'## {title} (`./dev mutants {kind}`)', '',
                  '| | the change | in |' + (' found by |' if seeds else ''),
                  '|---|---|---|' + ('---|' if seeds else '')]
        lines += [f'| {one.name} | {one.says}{also(one)} | `{one.file}` |' +
                  (f' {one.found} |' if seeds else '') for one in mutants]
        lines.append('')
    return '\n'.join(lines).rstrip('\n') + '\n'


def also(mutant):
    return f' (tests of {", ".join(mutant.also)} notice too)' if mutant.also else ''

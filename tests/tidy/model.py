# SPDX-License-Identifier: Apache-2.0
"""The model: mutants that fit the sources, and pages that are made of tables."""
import os
import re
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), os.pardir, 'mutants'))

from table import KINDS, TableError, page, parse_table, patched

MUTANTS_PAGE = 'docs/internals/mutants.md'
FEATURES_PAGE = 'docs/features.md'
RULES_TEST = 'tests/runners/core/rules_test.c'
RULES_OF_THE_MODEL = [f'R{n}' for n in range(1, 86)] + ['R11b', 'R66b', 'R78b']
GAPS = ['G1']  # of Beam, closed here
TEST = re.compile(r'^START_TEST\(((?:r\d+b?_)+)', re.M)


def mutants(tree):
    """The text of each mutant stands once in its file, each rule of the model has one, and the page
    says what the tables do."""
    texts = {}
    for kind in KINDS:
        source = tree.by_path.get(f'tests/mutants/{kind}.txt')
        if source is None:
            continue
        texts[kind] = source.text
        for mutant in parse_table(source.text)[1]:
            changed = tree.by_path.get(mutant.file)
            try:
                if changed is None:
                    raise TableError(f'its file {mutant.file} does not exist')
                patched(mutant, changed.text)
            except TableError as wrong:
                yield source.path, mutant.line, f'{mutant.name}: {wrong}'
    if 'model' in texts and RULES_TEST in tree.by_path:
        named = {mutant.name for mutant in parse_table(texts['model'])[1]}
        for rule in [*RULES_OF_THE_MODEL, *GAPS]:
            if rule not in named:
                yield 'tests/mutants/model.txt', 1, f'has no mutant of {rule}'
    written = tree.by_path.get(MUTANTS_PAGE)
    if texts and (written is None or written.text != page(texts)):
        yield MUTANTS_PAGE, 1, 'is not what `python3 tests/mutants/run.py --page` says'


def rules_in(source):
    """The rules that tests of a file bear the numbers of."""
    return {'R' + number for match in TEST.finditer(source.text if source else '')
            for number in re.findall(r'r(\d+b?)_', match.group(1))}


def tested_rules(tree):
    """Each rule of the model has a test that bears its number."""
    if RULES_TEST not in tree.by_path:
        return
    tested = set().union(*(rules_in(source) for source in tree.c_files()))
    for rule in RULES_OF_THE_MODEL:
        if rule not in tested:
            yield RULES_TEST, 1, f'no test bears the number of {rule}: {rule.lower()}_…'


def features(tree):
    """Each row of the page of features has a state and links that lead somewhere; a rule of the
    model names a file with a test of its number, and none is left out."""
    page_source = tree.by_path.get(FEATURES_PAGE)
    if page_source is None:
        return
    left = set(RULES_OF_THE_MODEL)
    for number, line in enumerate(page_source.lines, 1):
        row = re.match(r'\| ([A-Z]\d+b?) \| .* \|$', line)
        if not row:
            continue
        paths = [os.path.normpath('docs/' + link) for link in re.findall(r'\]\(([^)#]+)', line)]
        for path in paths:
            if path not in tree.by_path:
                yield FEATURES_PAGE, number, f'{row.group(1)}: {path} does not exist'
        if row.group(1) in RULES_OF_THE_MODEL:
            left.discard(row.group(1))
            if not any(row.group(1) in rules_in(tree.by_path.get(path)) for path in paths):
                yield FEATURES_PAGE, number, f'{row.group(1)}: none of its files has a test of it'
        elif not re.match(r'(works|refused|not yet)\b', line.split(' | ')[2]):
            yield FEATURES_PAGE, number, f'{row.group(1)} neither works nor is refused nor not yet'
    for rule in sorted(left):
        yield FEATURES_PAGE, 1, f'has no row for {rule}'


RULES = {'mutants': mutants, 'tested-rules': tested_rules, 'features': features}

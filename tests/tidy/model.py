# SPDX-License-Identifier: Apache-2.0
"""The model: mutants that fit the sources, and pages that are made of tables."""
import os
import re
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), os.pardir, 'mutants'))

from table import KINDS, TableError, page, parse_table, patched

MUTANTS_PAGE = 'docs/internals/mutants.md'
RULES_TEST = 'tests/runners/core/rules_test.c'
RULES_OF_THE_MODEL = [f'R{n}' for n in range(1, 86)] + ['R11b', 'R66b', 'R78b']
TEST = re.compile(r'^START_TEST\(((?:r\d+b?_)+)', re.M)


def mutants(tree):
    """The text of each mutant stands once in its file, and the page says what the tables do."""
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
    written = tree.by_path.get(MUTANTS_PAGE)
    if texts and (written is None or written.text != page(texts)):
        yield MUTANTS_PAGE, 1, 'is not what `python3 tests/mutants/run.py --page` says'


def tested_rules(tree):
    """Each rule of the model has a test that bears its number."""
    if RULES_TEST not in tree.by_path:
        return
    tested = set()
    for source in tree.c_files():
        for match in TEST.finditer(source.text):
            tested.update('R' + number for number in re.findall(r'r(\d+b?)_', match.group(1)))
    for rule in RULES_OF_THE_MODEL:
        if rule not in tested:
            yield RULES_TEST, 1, f'no test bears the number of {rule}: {rule.lower()}_…'


RULES = {'mutants': mutants, 'tested-rules': tested_rules}

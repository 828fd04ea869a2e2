# SPDX-License-Identifier: Apache-2.0
"""The model: mutants that fit the sources, and pages that are made of tables."""
import os
import re
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), os.pardir, 'mutants'))

from table import KINDS, TableError, page, parse_table, patched

MUTANTS_PAGE = 'docs/internals/mutants.md'


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


RULES = {'mutants': mutants}

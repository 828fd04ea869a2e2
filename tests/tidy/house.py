# SPDX-License-Identifier: Apache-2.0
"""The rest of the house: tests beside sources, build lists, documents, leftovers, formatting."""
import os
import re
import shutil
import subprocess
import tempfile

from shape import public_functions
from tree import Source

UNTESTED = 'tests/tidy/untested.txt'
README_FOLDERS = ('libflow', 'transforms', 'runners', 'examples', 'bench', 'tests', 'docs')
README_MAX = 30
EXAMPLE_MAX = {'examples/word_count/word_count.c': 40, 'examples/embed/embed.c': 60}
QUOTE = re.compile(r'<!-- quote: (\S+)(?: (\S+))? -->\s*\n')
FENCE = re.compile(r'^```c\n(.*?)^```$', re.M | re.S)


def untested(tree):
    """Path to line of the sources that are let off a test of their own, each with a reason."""
    listed = {}
    source = tree.by_path.get(UNTESTED)
    for number, line in enumerate(source.lines if source else [], 1):
        path, colon, reason = line.partition(': ')
        if line and not line.startswith('#'):
            listed[path] = (number, colon and reason.strip())
    return listed


def mirrored_tests(tree):
    """A source `a/b/c.c` has its test `tests/a/b/c_test.c` (or `c_unit_test.c`, where a folder has
    tests of the whole beside), or a reason in untested.txt."""
    listed = untested(tree)
    for source in tree.library_sources():
        test = 'tests/' + source.path[:-2] + '_test.c'
        there = test in tree.by_path or test[:-7] + '_unit_test.c' in tree.by_path
        if not there and source.path not in listed:
            yield source.path, 1, f'has no {test}'
        if there and source.path in listed:
            yield UNTESTED, listed[source.path][0], f'{source.path} has a test now: take it off'
    for path, (number, reason) in listed.items():
        if path not in tree.by_path:
            yield UNTESTED, number, f'{path} does not exist'
        elif not reason:
            yield UNTESTED, number, f'{path} wants a reason: "{path}: why"'


def harness(tree):
    """Every transform of a collection goes through the contract harness, flow_test_transform()."""
    if 'tests/support/flow_test.h' not in tree.by_path:
        return
    tests = '\n'.join(source.text for source in tree.c_files() if source.path.startswith('tests/')
                      and 'flow_test_transform' in source.text)
    for source, match in public_functions(tree):
        name = re.sub(r'_sized$', '', match.group(1))
        returns = match.group(0)[:match.start(1) - match.start()]
        takes = source.code[match.end():source.code.index(';', match.end())]
        if not source.path.startswith('transforms/') or 'flow_coll' not in returns:
            continue
        if not re.search(r'\bflow_coll\b', takes):
            continue  # a source: its own tests
        if not re.search(rf'\b{name}\b', tests):
            yield (source.path, source.line_of(match.start(1)),
                   f'no test runs {name} through flow_test_transform')


def build_lists(tree):
    """Every .c file is named in a meson.build of a folder above it, or by its path in a script."""
    scripts = [source for source in tree.sources
               if source.path.endswith(('meson.build', '.sh', '.py'))]
    for source in tree.sources:
        if not source.path.endswith('.c'):
            continue
        name = os.path.basename(source.path)
        stem, _, last = name[:-2].rpartition('_')  # a list of stems with `name + '_fuzz.c'`
        words = re.compile(rf"['\"/\s]({re.escape(name)}|{re.escape(name[:-2])})['\"\s]")
        stems = re.compile(rf"'{re.escape(stem)}'")
        for script in scripts:
            folder = os.path.dirname(script.path)
            above = script.path.endswith('meson.build') and source.path.startswith(
                folder + '/' if folder else '')
            if (above and words.search(script.text)) or source.path in script.text:
                break
            if above and stems.search(script.text) and f"'_{last}.c'" in script.text:
                break
        else:
            yield source.path, 1, 'no meson.build names this file'


def leftovers(tree):
    """No TODO, FIXME or XXX: an issue or nothing. No absolute path of somebody's machine."""
    for source in tree.sources:
        if source.path.startswith('tests/tidy/'):
            continue
        for number, line in enumerate(source.lines, 1):
            match = re.search(r'\b(TODO|FIXME|XXX)\b', line)
            if match and not source.path.endswith('.md'):
                yield source.path, number, f'{match.group(1)} is left over: file an issue'
            match = re.search(r'(?<![\w.$}~])/(?:home|root|work)/\w[\w/.-]*', line)
            if match:
                yield source.path, number, f'{match.group(0)} is a path of one machine'


def licence_line(tree):
    """Each source starts with its SPDX line; a .c file goes on with what it is for."""
    for source in tree.sources:
        path = source.path
        script = path in ('dev', '.ci/run')
        if not path.endswith(('.c', '.h', '.py', '.sh', 'meson.build', '.cmake.in')) and not script:
            continue
        if not any('SPDX-License-Identifier: Apache-2.0' in line for line in source.lines[:2]):
            yield path, 1, 'the SPDX line is missing'
        elif path.endswith('.c') and not path.startswith('tests/'):
            if not re.match(r'//\s*\S|/\*', source.lines[1] if len(source.lines) > 1 else ''):
                yield path, 2, 'one sentence of what the file is for is missing'


def one_title(tree):
    """A document has exactly one title."""
    for source in tree.sources:
        if source.path.endswith('.md'):
            text = re.sub(r'^```.*?^```', lambda m: '\n' * m.group(0).count('\n'), source.text,
                          flags=re.M | re.S)
            titles = re.findall(r'^# \S', text, re.M)
            if len(titles) != 1:
                yield source.path, 1, f'{len(titles)} titles; one is wanted'


def folder_readmes(tree):
    """Each top folder that exists has a README of at most 30 lines."""
    for folder in README_FOLDERS:
        if not any(source.path.startswith(folder + '/') for source in tree.sources):
            continue
        readme = tree.by_path.get(folder + '/README.md')
        if readme is None:
            yield folder, 1, 'has no README.md'
        elif len(readme.lines) > README_MAX:
            yield (readme.path, README_MAX + 1,
                   f'{len(readme.lines)} lines; {README_MAX} is the most')


def quoted_part(source, name):
    """The file, or the lines between `// [name]` and the next `// [name]`, without their indent."""
    if name is None:
        return source.text
    parts = re.split(rf'^[ \t]*// \[{re.escape(name)}\][^\n]*\n', source.text, flags=re.M)
    if len(parts) != 3:
        return None
    lines = parts[1].splitlines()
    indent = min((len(line) - len(line.lstrip()) for line in lines if line.strip()), default=0)
    return ''.join(line[indent:] + '\n' for line in lines)


def quotes(tree):
    """C in the README and the guide is quoted: `<!-- quote: FILE [NAME] -->` and the same lines."""
    for source in tree.sources:
        if source.path != 'README.md' and not re.match(r'docs/guide/.*\.md$', source.path):
            continue
        for match in FENCE.finditer(source.text):
            line = source.line_of(match.start())
            before = list(QUOTE.finditer(source.text, 0, match.start()))
            if not before or before[-1].end() != match.start():
                yield source.path, line, 'C code without <!-- quote: FILE --> before it'
                continue
            path, name = before[-1].groups()
            quoted = tree.by_path.get(path)
            wanted = quoted_part(quoted, name) if quoted else None
            if wanted is None:
                yield source.path, line, f'{path} {name or ""} to quote does not exist'
            elif without_licence(wanted) != match.group(1):
                yield source.path, line, f'is not what {path} {name or ""} says'


def without_licence(text):
    return re.sub(r'^// SPDX[^\n]*\n', '', text)


def example_length(tree):
    """Word count fits in 40 lines, the embedding example in 60."""
    for path, most in EXAMPLE_MAX.items():
        source = tree.by_path.get(path)
        if source and len(source.lines) > most:
            yield path, most + 1, f'{len(source.lines)} lines; {most} is the most'


def formatting(tree):
    """clang-format 14 would change nothing."""
    tool = shutil.which('clang-format-14') or shutil.which('clang-format')
    if tool is None:
        yield '.clang-format', 1, 'clang-format-14 is not installed, so formatting is not checked'
        return
    with tempfile.TemporaryDirectory() as folder:
        style = tree.by_path.get('.clang-format') or Source('.clang-format', 'BasedOnStyle: LLVM\n')
        for source in tree.c_files() + [style]:
            path = os.path.join(folder, source.path)
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with open(path, 'w', encoding='utf-8') as out:
                out.write(source.text)
        done = subprocess.run([tool, '--dry-run', '--style=file'] +
                              [source.path for source in tree.c_files()], cwd=folder,
                              capture_output=True, text=True, check=False)
    seen = set()
    for match in re.finditer(r'^(\S+?):(\d+):\d+: (?:warning|error): ', done.stderr, re.M):
        if match.group(1) not in seen:
            seen.add(match.group(1))
            yield match.group(1), int(match.group(2)), 'is not formatted; run ./dev fmt'


RULES = {'mirrored-tests': mirrored_tests, 'harness': harness, 'build-lists': build_lists,
         'leftovers': leftovers, 'licence-line': licence_line, 'one-title': one_title,
         'folder-readmes': folder_readmes, 'quotes': quotes, 'example-length': example_length,
         'formatting': formatting}

# SPDX-License-Identifier: Apache-2.0
"""Who may include whom: the table of the house style, read from every #include."""
import os
import re

INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*([<"])([^>"]+)[>"]', re.M)

C_LIBRARY = {name + '.h' for name in '''assert complex ctype errno fenv float inttypes iso646 limits
locale math setjmp signal stdalign stdarg stdatomic stdbool stddef stdint stdio stdlib stdnoreturn
string tgmath threads time uchar wchar wctype'''.split()}
COMPILERS = {'emmintrin.h'}  # vector types of the compiler itself, behind an #if
POSIX = {name + '.h' for name in '''dirent fcntl glob poll pthread sched semaphore strings termios
unistd sys/file sys/mman sys/resource sys/select sys/stat sys/time sys/types sys/uio sys/wait
sys/sysinfo sys/syscall sys/inotify sys/eventfd sys/statvfs sys/personality'''.split()}
# The model and the bundle core: no thread, clock or signal of their own (invariant 4).
TIMELESS = ('libflow/', 'runners/core/')
NOT_TIMELESS = {'pthread.h', 'threads.h', 'semaphore.h', 'time.h', 'sys/time.h', 'signal.h',
                'poll.h', 'sched.h', 'sys/select.h'}
# The outside library that a folder is there for.
OUTSIDE = {
    'libflow/base': {'xxhash.h'},
    'libflow/type': {'xxhash.h', 'yyjson.h'},
    'libflow/option': {'yyjson.h'},
    'libflow/graph': {'xxhash.h'},
    'runners/core': {'xxhash.h', 'zstd.h'},
    'transforms/core': {'xxhash.h'},
    'transforms/file': {'bzlib.h', 'snappy-c.h', 'yyjson.h', 'zlib.h', 'zstd.h', 'zstd_errors.h'},
}
OWN_HEADER = {'transforms/analytics': 'analytics.h', 'transforms/core': 'transforms.h',
              'transforms/file': 'file.h',
              'transforms/join': 'join.h', 'transforms/keyed': 'keyed.h',
              'transforms/sketch': 'sketch.h', 'transforms/fields': 'fields.h',
              'transforms/memory': 'memory.h', 'runners/local': 'runner_local.h',
              'runners/test': 'test.h'}
# What other transforms are made of.
TRANSFORMS_BELOW = ('transforms/core', 'transforms/fields')
LIBFLOW_MAY = {'base': {'base'}, 'type': {'base', 'type'}, 'window': {'base', 'window'},
               'option': {'base', 'type', 'option'}, 'beam': {'base', 'type', 'beam'},
               'trigger': {'base', 'trigger'},
               'graph': {'base', 'type', 'window', 'trigger', 'graph'}}


def folder_of(path, depth=2):
    return '/'.join(path.split('/')[:depth])


def resolve(tree, path, name):
    """The file of the tree that `#include "name"` in `path` means, or None."""
    parts = path.split('/')[:-1]
    above = ['/'.join(parts[:count]) for count in range(len(parts), 0, -1)]
    mirrored = ['/'.join(parts[1:])] if parts[:1] == ['tests'] else []
    if mirrored:
        mirrored += sorted({os.path.dirname(other) for other in tree.by_path
                            if folder_of(other) == folder_of(path)})
    for folder in above + mirrored + ['libflow', 'transforms', 'runners/core', 'runners/test',
                                      'tests/support']:
        found = os.path.normpath(os.path.join(folder, name))
        if found in tree.by_path:
            return found
    return None


def public_fault(tree, path, name):
    """What is wrong with a `<flow/name>` in `path`, or None."""
    home = tree.header_home(name)
    if home is None:
        return f'<flow/{name}> is no public header'
    if home == 'libflow' or not path.startswith(('libflow/', 'transforms/', 'runners/')):
        return None
    folder = folder_of(path)
    if OWN_HEADER.get(folder) == name or path.startswith(f'{home}/include/flow/'):
        return None
    if folder.startswith('transforms/') and name in {OWN_HEADER[f] for f in TRANSFORMS_BELOW}:
        return None
    return f'{folder} may not know <flow/{name}> of {home}'


def internal_fault(tree, path, name):
    """What is wrong with a quoted include, or None."""
    if '/include/flow/' in path:
        return f'a public header may not include the internal "{name}"'
    target = resolve(tree, path, name)
    if target is None:
        return f'"{name}" is no header of this tree'
    own, other = folder_of(path), folder_of(target)
    if os.path.dirname(path) == os.path.dirname(target) or other == 'tests/support':
        return None
    if path.startswith('libflow/') and target.startswith('libflow/'):
        unit, wanted = path.split('/')[1], target.split('/')[1]
        if wanted in LIBFLOW_MAY.get(unit, set()):
            return None
    if path.startswith('transforms/') and other in TRANSFORMS_BELOW and own != 'transforms/core':
        return None
    if path.startswith('runners/') and own == other:
        return None
    if path.startswith('runners/') and other == 'runners/core':
        return None  # only its one header: see one_core_header
    if path.startswith('tests/') and test_may(path, target):
        return None
    if path.startswith('examples/') and own == other:
        return None
    if path.startswith('bench/') and target.startswith('bench/'):
        return None
    return f'{os.path.dirname(path)} may not include "{name}" of {os.path.dirname(target)}'


def test_may(path, target):
    """A test sees the internal headers of the unit under test, and what that may see."""
    unit = folder_of(path[len('tests/'):])
    if path.startswith('tests/support/') and (
            target == 'runners/core/core.h' or folder_of(target) == 'runners/test'):
        return True  # it drives the core by its one header, and compares as users' tests do
    if path.startswith('tests/fuzz/') and target.startswith(('libflow/', 'transforms/file/')):
        return True
    if target.startswith('tests/'):
        return folder_of(path) == folder_of(target)
    if unit.startswith('libflow/') and target.startswith('libflow/'):
        return target.split('/')[1] in LIBFLOW_MAY.get(unit.split('/')[1], set())
    if unit.startswith('runners/'):
        return folder_of(target) in (unit, 'runners/core')
    return folder_of(target) == unit


def outside_fault(path, name):
    """What is wrong with a <name> from outside the project, or None."""
    if path.startswith(TIMELESS) and name in NOT_TIMELESS:
        return f'{folder_of(path)} has no thread, clock or signal of its own: not <{name}>'
    if '/include/flow/' in path:
        known = name in C_LIBRARY
        return None if known else f'a public header includes only the C library, not <{name}>'
    if not path.startswith(('libflow/', 'transforms/', 'runners/')):
        return None
    known = C_LIBRARY | POSIX | COMPILERS
    if name in known or name in OUTSIDE.get(folder_of(path), ()):
        return None
    return f'{folder_of(path)} is not the folder that may know <{name}>'


def is_internal(tree, path, name):
    """Whether a <name> is really a header of ours, found through an include folder."""
    return name not in C_LIBRARY | POSIX and resolve(tree, path, name) is not None


def include_arrows(tree):
    """An include goes only where the table of the house style lets it."""
    for source in tree.c_files():
        for match in INCLUDE.finditer(source.text):
            quote, name = match.groups()
            if '..' in name.split('/'):
                fault = f'"{name}" climbs out of its folder'
            elif name.startswith('flow/'):
                fault = public_fault(tree, source.path, name[len('flow/'):])
            elif quote == '"' or is_internal(tree, source.path, name):
                fault = internal_fault(tree, source.path, name)
            else:
                fault = outside_fault(source.path, name)
            if fault:
                yield source.path, source.line_of(match.start()), fault


def one_core_header(tree):
    """Runners know one header of runners/core."""
    first = None
    for source in tree.c_files():
        if not source.path.startswith('runners/') or source.path.startswith('runners/core/'):
            continue
        for match in INCLUDE.finditer(source.text):
            target = resolve(tree, source.path, match.group(2)) or ''
            if match.group(2).startswith('flow/') or not target.startswith('runners/core/'):
                continue
            first = first or target
            if target != first:
                yield (source.path, source.line_of(match.start()),
                       f'runners know one header of runners/core, {first}, not also {target}')


def dead_headers(tree):
    """A header that nothing includes is dead."""
    used = set()
    for source in tree.c_files():
        for match in INCLUDE.finditer(source.text):
            used.add(os.path.basename(match.group(2)))
    for source in tree.c_files():
        if source.path.endswith('.h') and not source.is_public_header:
            if os.path.basename(source.path) not in used:
                yield source.path, 1, 'nothing includes this header'


RULES = {'include-arrows': include_arrows, 'one-core-header': one_core_header,
         'dead-headers': dead_headers}

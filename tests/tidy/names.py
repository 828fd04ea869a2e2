# SPDX-License-Identifier: Apache-2.0
"""Names: what the library exports, what its headers document, what is reserved, what is banned."""
import re

from shape import public_functions
from tree import closing

DECLARED = re.compile(r'\bFLOW_API\s+extern\b[^;]*?\b(flow_\w+)\s*;')
MAP = 'libflow/libflow.map'
RESERVED = re.compile(r'\b(__\w+)')
COMPILER = re.compile(r'__(attribute__|builtin_\w+|has_\w+|cplusplus|func__|FILE__|LINE__|VA_ARGS__'
                      r'|GNUC\w*|clang\w*|STDC\w*|SANITIZE_\w+|BYTE_ORDER__|ORDER_\w+|x86_64__'
                      r'|aarch64__|linux__|SIZEOF_\w+|AVX\w*|SSE\w*|asan_\w+|lsan_\w+|tsan_\w+'
                      r'|AFL_\w+|int128|extension__|m128i|typeof__|real_\w+|wrap_\w+|libc_\w+'
                      r'|atomic_\w+)$')


def declared_names(tree):
    """Public name to where it is declared."""
    names = {}
    for source, match in public_functions(tree):
        names.setdefault(match.group(1), (source.path, source.line_of(match.start(1))))
    for source in tree.public_headers():
        for match in DECLARED.finditer(source.code):
            names.setdefault(match.group(1), (source.path, source.line_of(match.start(1))))
    return names


def exported_names(tree):
    """The shared library exports what the public headers declare, and nothing else."""
    if tree.symbols is None:
        return
    declared = declared_names(tree)
    for name in tree.symbols:
        if not name.startswith('flow_'):
            yield MAP, 1, f'the library exports {name}, which does not begin with flow_'
        elif name not in declared:
            yield MAP, 1, f'the library exports {name}, which no public header declares'
    for name, (path, line) in sorted(declared.items()):
        if name not in tree.symbols:
            yield path, line, f'{name} is declared, but the library does not export it'


def tokens(text):
    """Doc comments, other comments, directives and pieces of code of a header, in order."""
    pattern = (r'(?P<doc>/\*\*.*?\*/)|(?P<comment>/\*.*?\*/|//[^\n]*)'
               r'|(?P<directive>^[ \t]*#(?:[^\n\\]|\\.|\\\n)*)'
               r'|(?P<code>"(?:\\.|[^"\\])*"|[{};,]|[^\s{};,/"#]+|[/#])')
    for match in re.finditer(pattern, text, re.S | re.M):
        yield match.lastgroup, match.group(0), match.start()


def macro_name(directive):
    match = re.match(r'\s*#\s*define\s+(\w+)', directive)
    return match.group(1) if match else None


class DocReader:
    """Walks a header and finds declarations, fields and macros without a doc comment."""

    def __init__(self, source):
        self.source, self.faults, self.seen = source, [], set()
        self.doc = False        # a doc comment stands before what comes
        self.words, self.start = [], 0
        self.stack = []         # 'struct' | 'enum' | 'body' | 'parens'
        self.pending = None     # a field or declaration that may be documented after its end

    def fault(self, offset, sentence):
        self.faults.append((self.source.path, self.source.line_of(offset), sentence))

    def settle(self):
        if self.pending:
            self.fault(self.pending[1], f'"{self.pending[0]}" has no doc comment')
        self.pending = None

    def run(self):
        for kind, text, offset in tokens(self.source.text):
            if kind == 'doc':
                self.on_doc(text)
            elif kind == 'directive':
                self.on_directive(text, offset)
            elif kind == 'code':
                self.on_code(text, offset)
        self.settle()
        return self.faults

    def on_doc(self, text):
        if text.startswith('/**<'):
            self.pending = None
            if self.words:
                self.doc = True
        elif '@file' not in text:
            self.settle()
            self.doc = True

    def on_directive(self, text, offset):
        name = macro_name(text)
        if name is None or self.words:
            return
        private = name.endswith('_') or re.search(r'_H$|^FLOW_EACH_\d+$', name)
        if not self.doc and not private and name not in self.seen:
            self.fault(offset, f'the macro {name} has no doc comment')
        self.seen.add(name)
        if not private:
            self.doc = False

    def on_code(self, text, offset):
        if not self.words:
            self.settle_before(text)
            self.start = offset
        if text == '{':
            self.open()
        elif text == '}':
            self.close()
        elif text == ';' or (text == ',' and self.stack[-1:] == ['enum']):
            if self.stack[-1:] != ['body']:
                self.finish()
        else:
            self.words.append(text)

    def settle_before(self, text):
        if text != '}':
            self.settle()

    def open(self):
        head = ' '.join(self.words)
        if head.startswith('extern "C"'):
            self.words = []
            return
        inner = 'body'
        if self.stack[-1:] != ['body'] and '(' not in head and '=' not in head:
            inner = 'enum' if re.search(r'\benum\b', head) else 'struct'
        if not self.stack and not self.doc and head:
            self.fault(self.start, f'"{head[:60]}" has no doc comment')
        self.doc = False
        self.stack.append(inner)
        self.words = []

    def close(self):
        if not self.stack:
            return
        if self.words and self.stack[-1] == 'enum':
            self.finish()
        if self.stack.pop() != 'body':
            self.words = ['}']
            self.doc = True
        else:
            self.words = []

    def finish(self):
        """A declaration, field or enumerator has ended."""
        text = ' '.join(self.words)
        self.words = []
        if self.doc or not text or text.startswith('}'):
            self.doc = False
            self.pending = None
            return
        forward = re.match(r'typedef (struct|union|enum) (\w+) \w+$', text)
        if forward and re.search(rf'{forward.group(1)} {forward.group(2)}\s*{{', self.source.text):
            return
        self.pending = (text[:60], self.start)


def documented(tree):
    """Every public function, type, field and macro has a doc comment."""
    for source in tree.public_headers():
        yield from DocReader(source).run()


def reserved_names(tree):
    """No name begins with two underscores, and no type of ours ends in _t."""
    for source in tree.c_files():
        for match in RESERVED.finditer(source.code):
            if not COMPILER.match(match.group(1)):
                yield (source.path, source.line_of(match.start()),
                       f'{match.group(1)} begins with two underscores, which are the compiler\'s')
        for match in re.finditer(r'\btypedef\b[^;]*?\b(\w+_t)\s*;', source.code):
            yield (source.path, source.line_of(match.start(1)),
                   f'{match.group(1)}: names in _t are POSIX\'s')


EVERYWHERE = {
    'strcpy': 'memcpy with a known size', 'strcat': 'flow_buffer_put', 'sprintf': 'snprintf',
    'vsprintf': 'vsnprintf', 'gets': 'fgets', 'strtok': 'flow_str_next_word', 'atoi': 'strtol',
    'atol': 'strtol', 'atof': 'strtod', 'alloca': 'fl_alloc', 'strncpy': 'memcpy',
}
ALLOCATION = {name: 'fl_alloc and fl_free, which keep to the caller\'s allocator' for name in
              ('malloc', 'calloc', 'realloc', 'free', 'strdup', 'strndup', 'posix_memalign',
               'aligned_alloc', 'asprintf')}
MANNERS = {
    'exit': 'flow_error_raise', '_exit': 'flow_error_raise', 'abort': 'flow_error_raise',
    'quick_exit': 'flow_error_raise', 'printf': 'the log callback', 'puts': 'the log callback',
    'putchar': 'the log callback', 'perror': 'the log callback',
    'signal': 'the host\'s own handler', 'sigaction': 'the host\'s own handler',
    'setlocale': 'code that reads no locale',
    'rand': 'the port\'s random numbers', 'srand': 'the port\'s random numbers',
    'localtime': 'flow_time_print', 'gmtime': 'flow_time_print', 'strerror': 'strerror_r',
    'getenv': 'an option', 'system': 'nothing: a library starts no program',
    'fork': 'nothing: a library starts no program',
}
CLOCK = {name: 'the port\'s clock' for name in
         ('clock_gettime', 'time', 'gettimeofday', 'nanosleep', 'usleep', 'sleep', 'clock')}
CLOCK.update({'pthread_create': 'the port: no thread of its own', 'thrd_create': 'the port'})
STREAM = re.compile(r'\b(?:v?fprintf|fputs|fputc|fwrite)\s*\([^;]*\b(stdout|stderr)\b')


def banned_of(path):
    banned = dict(EVERYWHERE)
    if path.startswith(('libflow/', 'transforms/', 'runners/')):
        banned.update(MANNERS)
        if not path.startswith('libflow/base/'):
            banned.update(ALLOCATION)
        if path.startswith(('libflow/', 'runners/core/')):
            banned.update(CLOCK)
    return banned


def banned_calls(tree):
    """Calls that the house does without, each with what to use in its place."""
    for source in tree.c_files():
        banned = banned_of(source.path)
        for match in re.finditer(r'(?<![\w.>*])(\w+)\s*\(', source.code):
            name = match.group(1)
            before = source.code[:match.start()].rstrip(' ')
            if name in banned and not before.endswith(('.', '->', '(*')):
                yield (source.path, source.line_of(match.start()),
                       f'{name} is banned here; use {banned[name]}')
        if source.in_library:
            for match in STREAM.finditer(source.code):
                yield (source.path, source.line_of(match.start()),
                       f'a library does not write to {match.group(1)}; use the log callback')


def asserts_on_input(tree):
    """A public function does not assert on what its caller passed: it raises an error."""
    for source in tree.library_sources():
        for function in source.functions:
            if not function.name.startswith('flow_'):
                continue
            names = {re.findall(r'\w+', part)[-1] for part in function.parameters
                     if re.findall(r'\w+', part)}
            for match in re.finditer(r'\bassert\s*\(', function.body):
                end = closing(function.body, match.end() - 1, '(', ')')
                used = set(re.findall(r'\w+', function.body[match.end():end])) & names
                if used:
                    line = function.body_line + function.body.count('\n', 0, match.start())
                    yield (source.path, line, f'{function.name} asserts on its parameter '
                           f'{sorted(used)[0]}; raise an error with a sentence')


RULES = {'exported-names': exported_names, 'documented': documented,
         'reserved-names': reserved_names, 'banned-calls': banned_calls,
         'asserts-on-input': asserts_on_input}

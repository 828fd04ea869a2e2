# SPDX-License-Identifier: Apache-2.0
"""What the rules of tidy look at: a tree of files, and C text cut into functions."""
import os
import re
import subprocess

LIBRARY = ('libflow/', 'transforms/', 'runners/')
SKIPPED = ('tests/tidy/cases/', 'LICENSE')


class Function:
    """A function definition: its name, parameters, lines and the body with blanked comments."""

    def __init__(self, name, parameters, first, last, body, body_line):
        self.name, self.parameters = name, parameters
        self.first, self.last, self.body, self.body_line = first, last, body, body_line

    @property
    def length(self):
        return self.last - self.first + 1


class Source:
    """A file: its text, and for C the text with comments, strings and directives blanked."""

    def __init__(self, path, text):
        self.path, self.text = path, text
        self.lines = text.splitlines()
        self._code = self._functions = None

    @property
    def is_c(self):
        return self.path.endswith(('.c', '.h'))

    @property
    def is_public_header(self):
        return self.path.endswith('.h') and '/include/flow/' in self.path

    @property
    def in_library(self):
        return self.path.startswith(LIBRARY)

    @property
    def code(self):
        if self._code is None:
            self._code = blank_directives(blank_comments(self.text))
        return self._code

    @property
    def functions(self):
        if self._functions is None:
            self._functions = list(find_functions(self.code))
        return self._functions

    def line_of(self, offset):
        return self.text.count('\n', 0, offset) + 1


def blank(match):
    return re.sub(r'[^\n]', ' ', match.group(0))


def blank_comments(text, keep_strings=False):
    """Comments (and what is inside of strings) as spaces, so that offsets stay."""
    def one(match):
        found = match.group(0)
        if found.startswith('/'):
            return blank(match)
        return found if keep_strings else found[0] + ' ' * (len(found) - 2) + found[-1]
    return re.sub(r'//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', one, text,
                  flags=re.S)


def blank_directives(code):
    return re.sub(r'^[ \t]*#(?:[^\n\\]|\\.|\\\n)*', blank, code, flags=re.M | re.S)


def closing(code, start, opened, closed):
    """Offset of what closes the bracket at `start`, or the end of the text."""
    depth = 0
    for at in range(start, len(code)):
        if code[at] == opened:
            depth += 1
        elif code[at] == closed:
            depth -= 1
            if depth == 0:
                return at
    return len(code) - 1


def split_parameters(text):
    """Parameters at the outermost level; `void` and `...` do not count."""
    parts, depth, start = [], 0, 0
    for at, sign in enumerate(text):
        if sign in '([{':
            depth += 1
        elif sign in ')]}':
            depth -= 1
        elif sign == ',' and depth == 0:
            parts.append(text[start:at])
            start = at + 1
    parts.append(text[start:])
    parts = [' '.join(part.split()) for part in parts]
    return [part for part in parts if part not in ('', 'void', '...')]


def statements(code):
    """(start, end, kind) of each piece at file level: kind ';' or '{' for what has a body."""
    code = re.sub(r'extern "[ C]*"\s*\{', blank, code)
    at, start = 0, 0
    while at < len(code):
        sign = code[at]
        if sign == ';':
            yield start, at, ';'
            start = at + 1
        elif sign == '{':
            end = closing(code, at, '{', '}')
            head = code[start:at].rstrip()
            if head.endswith(')'):
                yield start, end, '{'
                start = end + 1
            at = end
        elif sign == '}':
            start = at + 1
        at += 1


def head_of(code, start, end):
    """Name and parameters of `type name(parameters)`, or None. The name's offset comes third."""
    text = code[start:end]
    for match in re.finditer(r'\b(\w+)\s*\(', text):
        if match.group(1) in ('__attribute__', 'FLOW_PRINTF', '_Static_assert', 'defined'):
            continue
        close = closing(text, match.end() - 1, '(', ')')
        return match.group(1), split_parameters(text[match.end():close]), start + match.start(1)
    return None


def find_functions(code):
    for start, end, kind in statements(code):
        if kind != '{':
            continue
        body = code.index('{', start)
        head = head_of(code, start, body)
        if head is None:
            continue
        name, parameters, offset = head
        if name in ('START_TEST', 'START_TEST_'):
            name, parameters = (parameters or ['test'])[0], []
        first = code.count('\n', 0, start + len(code[start:]) - len(code[start:].lstrip())) + 1
        last = code.count('\n', 0, end) + 1
        yield Function(name, parameters, first, last, code[body:end + 1],
                       code.count('\n', 0, body) + 1)


class Tree:
    """The files under a root (for cases: given ones), with the library's symbols when built."""

    def __init__(self, root, files, symbols=None):
        self.root, self.symbols = root, symbols
        self.sources = [Source(path, text) for path, text in sorted(files.items())]
        self.by_path = {source.path: source for source in self.sources}

    def c_files(self):
        return [source for source in self.sources if source.is_c]

    def library_sources(self):
        return [source for source in self.sources
                if source.in_library and source.path.endswith('.c')]

    def public_headers(self):
        return [source for source in self.sources if source.is_public_header]

    def header_home(self, name):
        """The folder whose include/flow has the header: libflow, transforms, runners or None."""
        for home in ('libflow', 'transforms', 'runners'):
            if f'{home}/include/flow/{name}' in self.by_path:
                return home
        return None


def read_tree(root, build):
    listed = subprocess.run(['git', '-C', root, 'ls-files', '-co', '--exclude-standard'],
                            check=True, capture_output=True, text=True).stdout.splitlines()
    files = {}
    for path in listed:
        full = os.path.join(root, path)
        if path.startswith(SKIPPED) or not os.path.isfile(full) or os.path.islink(full):
            continue
        try:
            with open(full, encoding='utf-8') as opened:
                files[path] = opened.read()
        except UnicodeDecodeError:
            if path.endswith(('.c', '.h', '.md', '.py', '.sh', 'meson.build')):
                files[path] = ''
    return Tree(root, files, exported(build) if build else None)


def exported(build):
    """Names that the shared library exports."""
    library = os.path.join(build, 'libflow.so')
    table = subprocess.run(['nm', '-D', '--defined-only', library], check=True,
                           capture_output=True, text=True).stdout
    return [line.split()[2].split('@')[0] for line in table.splitlines()
            if len(line.split()) == 3 and line.split()[1] not in 'Aa']

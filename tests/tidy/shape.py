# SPDX-License-Identifier: Apache-2.0
"""Sizes and shape: functions, files, lines, parameters, nesting, and the bars over the tree."""
import re
import statistics

from tree import blank_comments, head_of, statements

FUNCTION_MAX, PARAMETERS_MAX, NESTING_MAX = 70, 5, 4
FILE_MAX, HEADER_MAX, LINE_MAX = 600, 400, 100
MEDIAN_MAX, P90_MAX = 15, 40
COMMENT_MIN, COMMENT_MAX = 30, 55
PUBLIC_FUNCTIONS_MAX = 227
PUBLIC_FUNCTION = re.compile(r'\bFLOW_API\b(?!\s+extern)[^;{]*?\b(flow_\w+)\s*\(')


def function_length(tree):
    """A function has at most 70 lines."""
    for source in tree.c_files():
        for function in source.functions:
            if function.length > FUNCTION_MAX:
                yield (source.path, function.first,
                       f'{function.name} has {function.length} lines; {FUNCTION_MAX} is the most')


def parameter_count(tree):
    """A function takes at most five parameters; then it wants an options struct."""
    for source in tree.c_files():
        for start, end, kind in statements(source.code):
            stop = source.code.index('{', start) if kind == '{' else end
            text = source.code[start:stop]
            if '=' in text or 'typedef' in text or 'FLOW_' in text.split('(')[0].split(' ')[-1]:
                continue
            head = head_of(source.code, start, stop)
            if head and not source.code[start:head[2]].strip():
                continue  # a macro at file level: a function has a type before its name
            if head and re.match(r'__(wrap|real)_', head[0]):
                continue  # what the linker wraps has the parameters of what it stands for
            if head and len(head[1]) > PARAMETERS_MAX:
                yield (source.path, source.line_of(head[2]),
                       f'{head[0]} takes {len(head[1])} parameters; {PARAMETERS_MAX} is the most')


def nesting(tree):
    """Blocks nest at most four deep."""
    for source in tree.c_files():
        for function in source.functions:
            depth = 0
            for at, sign in enumerate(function.body):
                depth += (sign == '{') - (sign == '}')
                if sign == '{' and depth > NESTING_MAX + 1:
                    line = function.body_line + function.body.count('\n', 0, at)
                    yield (source.path, line,
                           f'{function.name} nests deeper than {NESTING_MAX}')
                    break


def file_length(tree):
    """A source has at most 600 lines, a header 400."""
    for source in tree.sources:
        most = HEADER_MAX if source.path.endswith('.h') else FILE_MAX
        if source.path.endswith(('.c', '.h', '.py', '.sh', 'meson.build')) or source.path == 'dev':
            if len(source.lines) > most:
                yield source.path, most + 1, f'{len(source.lines)} lines; {most} is the most'


def line_length(tree):
    """A line has at most 100 characters."""
    for source in tree.sources:
        if not source.path.endswith(('.c', '.h', '.py', '.sh', 'meson.build')):
            continue
        for number, line in enumerate(source.lines, 1):
            if len(line) > LINE_MAX:
                yield source.path, number, f'{len(line)} characters; {LINE_MAX} is the most'


def function_lengths(tree):
    return [function.length for source in tree.library_sources() for function in source.functions]


def function_bars(tree):
    """Over the library, half of the functions have at most 15 lines and nine of ten at most 40."""
    lengths = sorted(function_lengths(tree))
    if not lengths:
        return
    median, p90 = statistics.median(lengths), lengths[int(len(lengths) * 0.9)]
    if median > MEDIAN_MAX:
        yield 'libflow', 1, f'the median function has {median:g} lines; {MEDIAN_MAX} is the most'
    if p90 > P90_MAX:
        yield 'libflow', 1, f'one function of ten has {p90} lines or more; {P90_MAX} is the most'


def comment_share(sources):
    """Percentage of comment lines among the lines that are not blank."""
    comments = lines = 0
    for source in sources:
        code = blank_comments(source.text, keep_strings=True).splitlines()
        for line, rest in zip(source.lines, code):
            if line.strip():
                lines += 1
                comments += not rest.strip()
    return 100.0 * comments / lines if lines else 0.0


def header_comments(tree):
    """Public headers are 30 to 55 percent comment, taken together."""
    headers = tree.public_headers()
    share = comment_share(headers)
    if headers and not COMMENT_MIN <= share <= COMMENT_MAX:
        yield (headers[0].path, 1, f'public headers are {share:.0f} % comment; '
               f'{COMMENT_MIN} to {COMMENT_MAX} is wanted')


def public_functions(tree):
    return [(source, match) for source in tree.public_headers()
            for match in PUBLIC_FUNCTION.finditer(source.code)]


def public_function_count(tree):
    """libflow itself exports fewer than 224 functions: the whole Beam model."""
    mine = [match for source, match in public_functions(tree)
            if source.path.startswith('libflow/')]
    if len(mine) >= PUBLIC_FUNCTIONS_MAX:
        yield ('libflow/include/flow/flow.h', 1,
               f'libflow exports {len(mine)} functions; under {PUBLIC_FUNCTIONS_MAX} is wanted')


def figures(tree):
    """One line of figures, to be read beside the bars."""
    lengths = sorted(function_lengths(tree)) or [0]
    return (f'{len(tree.c_files())} C files, {len(lengths)} functions in the library: median '
            f'{statistics.median(lengths):g} lines, p90 {lengths[int(len(lengths) * 0.9)]}, '
            f'longest {lengths[-1]}; public headers {comment_share(tree.public_headers()):.0f} % '
            f'comment, '
            f'{len(public_functions(tree))} public functions')


RULES = {'function-length': function_length, 'parameter-count': parameter_count, 'nesting': nesting,
         'file-length': file_length, 'line-length': line_length, 'function-bars': function_bars,
         'header-comments': header_comments, 'public-function-count': public_function_count}

#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Makes vectors.c from Apache Beam's standard_coders.yaml, which lies in Beam's artifact
beam-model-fn-execution (org/apache/beam/model/fnexecution/v1). Values are written as vector.c
prints them. Needs PyYAML: vectors.py STANDARD_CODERS.YAML VERSION > vectors.c"""
import hashlib
import struct
import sys
import textwrap

import yaml

HEAD = '''// SPDX-License-Identifier: Apache-2.0
// Golden bytes of Beam's standard coders, made by vectors.py. Do not edit.
// Source: standard_coders.yaml of Apache Beam's artifact beam-model-fn-execution {version}, whose
// licence is Apache-2.0 (Copyright The Apache Software Foundation);
// SHA-256 of that file: {sum}
#include "vector.h"

// clang-format off
const struct vector vectors[] = {{
'''


def hexed(text):
    return text.encode('latin-1').hex()


def varint(data, at):
    number = shift = 0
    while True:
        number |= (data[at] & 0x7F) << shift
        shift += 7
        at += 1
        if data[at - 1] < 0x80:
            return number, at


def message(data):
    """A protobuf message as {field number: [values]}."""
    fields, at = {}, 0
    while at < len(data):
        tag, at = varint(data, at)
        if tag & 7 == 0:
            value, at = varint(data, at)
        else:
            size, at = varint(data, at)
            value, at = data[at:at + size], at + size
        fields.setdefault(tag >> 3, []).append(value)
    return fields


def of_type(data, value):
    kind = message(data)
    if value is None:
        return 'null'
    if 2 in kind:
        atomic = kind[2][0]
        if atomic in (5, 6):
            return struct.pack('>f' if atomic == 5 else '>d', float(value)).hex()
        if atomic == 7:
            return 's:' + value.encode('utf-8').hex()
        if atomic == 8:
            return str(value).lower()
        return 'b:' + hexed(value) if atomic == 9 else str(value)
    if 3 in kind:
        element = message(kind[3][0])[1][0]
        return '[' + ', '.join(of_type(element, item) for item in value) + ']'
    if 5 in kind:
        key, element = (message(kind[5][0])[number][0] for number in (1, 2))
        return '[' + ', '.join(f'({of_type(key, k)}, {of_type(element, v)})'
                               for k, v in value.items()) + ']'
    logical = message(kind[7][0])
    urn = logical[1][0].decode()
    if 'micros_instant' in urn:
        return f'us:{value["seconds"] * 1000000 + value["micros"]}'
    if 'millis_instant' in urn:
        return f'us:{(value + (1 << 63)) * 1000}'
    if 'decimal' in urn:
        return 's:' + value.encode().hex()
    return of_type(logical[3][0], value)


def window(value):
    if value in ('global', ''):
        return 'global'
    value = value.get('window', value)
    return f'[{value["end"] - value["span"]}, {value["end"]})'


def pane(value):
    return (f'{value["timing"]} {int(value["is_first"])}{int(value["is_last"])} {value["index"]} '
            f'{value["on_time_index"]}')


def of_coder(coder, value):
    """A value as vector.c prints it."""
    name = coder['urn'].split(':')[2]
    parts = coder.get('components', [])
    windows = '[' + ', '.join(map(window, value['windows'])) + ']' if 'windowed' in name or \
        name == 'timer' else ''
    if name == 'bytes':
        return 'b:' + hexed(value)
    if name == 'string_utf8':
        return 's:' + value.encode('utf-8').hex()
    if name == 'double':
        return struct.pack('>d', float(value)).hex()
    if name == 'kv':
        return f'({of_coder(parts[0], value["key"])}, {of_coder(parts[1], value["value"])})'
    if name.endswith('iterable'):
        return '[' + ', '.join(of_coder(parts[0], item) for item in value) + ']'
    if name.endswith('window'):
        return window(value)
    if name == 'nullable':
        return 'null' if value is None else of_coder(parts[0], value)
    if name == 'sharded_key':
        return f'(b:{hexed(value["shardId"])}, {of_coder(parts[0], value["key"])})'
    if name == 'timer':
        rest = 'clear' if value['clearBit'] else \
            f'{value["fireTimestamp"]} {value["holdTimestamp"]} {pane(value["pane"])}'
        key = of_coder(parts[0], value['userKey'])
        return f'{key} s:{hexed(value["dynamicTimerTag"])} {windows} {rest}'
    if 'windowed' in name:
        return (f'{of_coder(parts[0], value["value"])} @{value["timestamp"]} {windows} '
                f'{pane(value["pane"])}')
    if name == 'row':
        fields = [message(field) for field in message(coder['payload'].encode('latin-1'))[1]]
        return '{' + ', '.join(f'{field[1][0].decode()}='
                               f'{of_type(field[3][0], value[field[1][0].decode()])}'
                               for field in fields) + '}'
    return str(value).lower()


def spelt(coder, rows):
    name = coder['urn'].split(':')[2]
    if name == 'row':
        return f'row{rows}'
    parts = ','.join(spelt(part, rows) for part in coder.get('components', []))
    return f'{name}<{parts}>' if parts else name


def literal(text):
    lines = textwrap.wrap(text, 84, break_on_hyphens=False, drop_whitespace=False) or ['']
    return '\n        '.join(f'"{line}"' for line in lines)


def main(path, version):
    with open(path, 'rb') as file:
        data = file.read()
    print(HEAD.format(version=version, sum=hashlib.sha256(data).hexdigest()), end='')
    rows = 0
    for section in yaml.safe_load_all(data.decode('utf-8')):
        coder = section['coder']
        form = {None: 'BOTH', True: 'NESTED', False: 'OUTER'}[section.get('nested')]
        once = 'true' if coder.get('non_deterministic') else 'false'
        payload = '' if 'row' in coder['urn'] else hexed(coder.get('payload', ''))
        for encoded, value in section['examples'].items():
            print(f'    {{ "{spelt(coder, rows)}",\n        "{payload}", {form}, {once},\n'
                  f'        {literal(hexed(encoded))},\n'
                  f'        {literal(of_coder(coder, value))} }},')
        rows += coder['urn'] == 'beam:coder:row:v1'
    print('};\n// clang-format on\n')
    print('const size_t vector_count = sizeof vectors / sizeof vectors[0];')


if __name__ == '__main__':
    main(*sys.argv[1:])

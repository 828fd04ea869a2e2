#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Avro files by another implementation (fastavro 1.13, with cramjam and backports.zstd), for
../avro_read_test.c, and its opinion of ours: make.py writes them anew, make.py --check FILE… reads
what avro_write_test.c compares with."""
import datetime
import os
import sys

import fastavro

HERE = os.path.dirname(os.path.abspath(__file__))
UTC = datetime.timezone.utc
SCHEMA = fastavro.parse_schema({
    'type': 'record', 'name': 'sale', 'namespace': 'shop', 'fields': [
        {'name': 'extra', 'type': {'type': 'map', 'values': 'long'}},
        {'name': 'id', 'type': 'long'},
        {'name': 'small', 'type': 'int'},
        {'name': 'name', 'type': 'string'},
        {'name': 'price', 'type': 'double'},
        {'name': 'ratio', 'type': 'float'},
        {'name': 'flag', 'type': 'boolean'},
        {'name': 'at', 'type': {'type': 'long', 'logicalType': 'timestamp-micros'}},
        {'name': 'at_ms', 'type': {'type': 'long', 'logicalType': 'timestamp-millis'}},
        {'name': 'day', 'type': {'type': 'int', 'logicalType': 'date'}},
        {'name': 'note', 'type': ['null', 'string'], 'default': None},
        {'name': 'tags', 'type': {'type': 'array', 'items': 'string'}},
        {'name': 'place', 'type': {'type': 'record', 'name': 'place', 'fields': [
            {'name': 'city', 'type': 'string'}, {'name': 'zip', 'type': 'int'}]}},
        {'name': 'places', 'type': {'type': 'array', 'items': 'place'}},
        {'name': 'kind', 'type': {'type': 'enum', 'name': 'kind', 'symbols': ['new', 'used']}},
        {'name': 'raw', 'type': 'bytes'},
        {'name': 'four', 'type': {'type': 'fixed', 'name': 'four', 'size': 4}},
        {'name': 'either', 'type': ['int', 'null', 'long']},
        {'name': 'chain', 'type': ['null', {'type': 'record', 'name': 'link', 'fields': [
            {'name': 'next', 'type': ['null', 'link']}]}]}]})


def row(i):
    at = datetime.datetime(2026, 11, 24, 9, 0, 0, i * 1000 + 7, UTC)
    return {
        'extra': {'a': i, 'b': -i}, 'id': i * 10 ** 12 - 5, 'small': -i, 'name': f'näme {i}',
        'price': i + 0.25, 'ratio': i / 8, 'flag': i % 2 == 1, 'at': at, 'at_ms': at,
        'day': datetime.date(2026, 11, 24), 'note': None if i % 3 else f'note {i}',
        'tags': [f't{k}' for k in range(i % 4)], 'place': {'city': 'Oslo', 'zip': i},
        'places': [{'city': 'Kyiv', 'zip': k} for k in range(i % 3)],
        'kind': ['new', 'used'][i % 2], 'raw': bytes([0, i, 255]), 'four': b'four',
        'either': [i, None, 2 ** 40 + i][i % 3],
        'chain': {'next': {'next': None}} if i % 2 else None}


def check(path):
    with open(path, 'rb') as file:
        reader = fastavro.reader(file)
        rows = list(reader)
        print(path, reader.codec, reader.writer_schema['name'], len(rows), rows[:2])


if sys.argv[1:2] == ['--check']:
    for name in sys.argv[2:]:
        check(name)
else:
    for codec in ('null', 'deflate', 'snappy', 'zstandard', 'bzip2'):
        with open(os.path.join(HERE, f'{codec}.avro'), 'wb') as out:
            fastavro.writer(out, SCHEMA, [row(i) for i in range(50)], codec=codec,
                            sync_interval=1000, sync_marker=b'0123456789abcdef')

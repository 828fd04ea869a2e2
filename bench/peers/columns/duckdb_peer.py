# SPDX-License-Identifier: Apache-2.0
"""The work of bench/peers in DuckDB: a table in memory, one query, its results in a table."""
import duckdb

from rows import MINUTE_US, checksum, serve


def prepare(key, columns, threads):
    base = duckdb.connect(":memory:", config={"threads": threads})
    base.execute("SET preserve_insertion_order = false")
    names = ", ".join(f'"{name}"' for name in columns)
    base.execute(f"CREATE TABLE event AS SELECT {names} FROM columns")
    columns.clear()
    if key is None:
        query = """SELECT sum(price * 89 // 100) FROM event
                   WHERE kind <> 0 AND price * 89 // 100 > 2860"""
        return (lambda: base.execute(query).fetchone()[0]), (lambda total: (int(total), 1))
    query = f"""CREATE OR REPLACE TABLE result AS
                SELECT "{key}" AS key, "at" // {MINUTE_US} AS minute, count(*) AS count
                FROM event WHERE kind <> 0 GROUP BY ALL"""

    def settle(_):
        made = base.execute("SELECT key, minute, count FROM result").fetchnumpy()
        return checksum(made["key"], made["minute"], made["count"])

    return (lambda: base.execute(query)), settle


serve(prepare)

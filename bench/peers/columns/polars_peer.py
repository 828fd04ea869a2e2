# SPDX-License-Identifier: Apache-2.0
"""The work of bench/peers in Polars: a frame in memory, one lazy query. Threads are those of the
variable POLARS_MAX_THREADS."""
import polars

from rows import MINUTE_US, checksum, serve


def prepare(key, columns, threads):
    if polars.thread_pool_size() != threads:
        raise SystemExit(f"{polars.thread_pool_size()} threads instead of {threads}")
    frame = polars.DataFrame(columns)
    columns.clear()
    wanted = frame.lazy().filter(polars.col("kind") != 0)
    if key is None:
        price = polars.col("price") * 89 // 100
        query = wanted.select(price).filter(polars.col("price") > 2860).sum()
        return (lambda: query.collect(engine="streaming")), (lambda made: (made.item(), 1))
    query = wanted.group_by(key, (polars.col("at") // MINUTE_US).alias("minute")).len("count")

    def settle(made):
        return checksum(*(made[name].to_numpy() for name in (key, "minute", "count")))

    return (lambda: query.collect(engine="streaming")), settle


serve(prepare)

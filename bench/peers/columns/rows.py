# SPDX-License-Identifier: Apache-2.0
"""What the peers in Python share: rows as columns, the checksum, and the lines they are told."""
import sys
import time

import numpy

ROW = numpy.dtype([(name, "<i8" if name in ("at", "price", "quantity") else "<u8") for name in (
    "at", "user", "product", "price", "kind", "quantity", "session", "origin")])
MINUTE_US = 60_000_000
MIX = numpy.uint64(0x9E3779B97F4A7C15)


def columns(path, names):
    """The columns that a piece of work reads, each on its own; `kind` as a byte."""
    rows = numpy.memmap(path, ROW, "r")
    return {name: rows[name].astype(numpy.uint8 if name == "kind" else ROW[name]) for name in names}


def checksum(key, minute, count):
    """As event_mix() of bench/support/event.h, over all results."""
    start = minute.astype(numpy.uint64) * numpy.uint64(MINUTE_US)
    mixed = key.astype(numpy.uint64) ^ (start * MIX)
    mixed = (mixed ^ (mixed >> numpy.uint64(29))) * (
        count.astype(numpy.uint64) * numpy.uint64(2) + numpy.uint64(1))
    return int(mixed.sum(dtype=numpy.uint64)), len(mixed)


WORK = {"stateless": ("price", "kind"), "keyed_1k": ("product", "at", "kind"),
        "keyed_1m": ("user", "at", "kind")}


def serve(prepare):
    """Answers lines as bench/peers/child.h says. `prepare(key, columns, threads)` gives a function
    that does the work and one that makes (checksum, results) of what that gave; `key` is None for
    the work without keys."""
    work = settle = None
    for line in sys.stdin:
        words = line.split()
        if words[0] == "prepare" and words[1] in WORK:
            names = WORK[words[1]]
            key = names[0] if "at" in names else None
            work, settle = prepare(key, columns(words[2], names), int(words[4]))
            print("ready", flush=True)
        elif words[0] == "run" and work:
            begin, cpu = time.perf_counter(), time.process_time()
            made = work()
            seconds, cpu = time.perf_counter() - begin, time.process_time() - cpu
            total, results = settle(made)
            print(f"done {seconds} {cpu} {results} {total & (1 << 64) - 1:016x}", flush=True)
        else:
            print(f"failed to do: {line.strip()}", flush=True)

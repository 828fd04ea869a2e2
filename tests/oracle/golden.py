#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Golden files of whole pipelines: a line that says how they were made, then a run a line, its
input and what Beam gave.

    golden.py make POM RESULTS FOLDER [SEED]    puts inputs and results together, a file a pipeline
    golden.py check FOLDER                      checksums, and that the inputs are still those
"""
import gzip
import hashlib
import json
import os
import re
import sys

import inputs


def dump(value):
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def runs_with(results, pipe, seed):
    for run in inputs.runs_of(pipe, seed):
        result = json.loads(next(results))
        if (result["pipe"], result["run"]) != (pipe, run["run"]):
            sys.exit(f"{pipe}, run {run['run']}: its result is missing")
        yield dump({**run, "outputs": result["outputs"]})


def make(pom, results, folder, seed="1"):
    version = re.search(r"<beam.version>([^<]+)<", open(pom).read()).group(1)
    lines = open(results, encoding="utf-8")
    for pipe in inputs.PIPES:
        runs = list(runs_with(lines, pipe, seed))
        body = "\n".join(runs) + "\n"
        head = {"pipe": pipe, "runs": len(runs),
                "generator": "tests/oracle/inputs.py", "seed": seed,
                "oracle": f"Apache Beam Java {version}, DirectRunner",
                "sha256": hashlib.sha256(body.encode()).hexdigest()}
        packed = gzip.compress((dump(head) + "\n" + body).encode(), 9, mtime=0)
        with open(os.path.join(folder, pipe + ".jsonl.gz"), "wb") as out:
            out.write(packed)


def problems(folder, pipe):
    with gzip.open(os.path.join(folder, pipe + ".jsonl.gz")) as file:
        head, body = json.loads(file.readline()), file.read()
    if hashlib.sha256(body).hexdigest() != head["sha256"]:
        yield "its checksum is wrong"
    recorded = [json.loads(line) for line in body.splitlines()]
    made = inputs.runs_of(pipe, head["seed"])
    if len(recorded) != head["runs"] or len(recorded) != len(made):
        yield f"{len(recorded)} runs, {head['runs']} said, {len(made)} made"
    for run, again in zip(recorded, made):
        run.pop("outputs")
        if run != json.loads(dump(again)):
            yield f"run {run['run']}: inputs.py makes another input; run ./dev oracle --write"


def check(folder):
    """As TAP: a line a pipeline."""
    print(f"1..{len(inputs.PIPES) + 1}")
    found = {name.split(".")[0] for name in os.listdir(folder)}
    print("ok" if found == set(inputs.PIPES) else "not ok", "1 - a golden file a pipeline")
    for number, pipe in enumerate(inputs.PIPES, 2):
        wrong = list(problems(folder, pipe))
        print("not ok" if wrong else "ok", number, "-", pipe, "; ".join(wrong))


if __name__ == "__main__":
    {"make": make, "check": check}[sys.argv[1]](*sys.argv[2:])

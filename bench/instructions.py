#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Instructions an element takes, counted by callgrind, against those that were recorded.

usage: bench/instructions.py BUILD COMPILER [--write] [ID…]

A count is the difference between a program that does a benchmark's work twice and one that does it
once, with one worker: what the process and the rows cost falls out of it, and two counts of one
build are equal to the instruction. So a change of a twentieth shows on any machine, however busy.
valgrind knows no AVX-512; the AVX2 form of everything is counted.

Prints TAP. --write records what is counted.
"""
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
RECORD = HERE / "instructions.txt"
MORE = 1.05  # times what was recorded: beyond, it fails
LESS = 0.95  # below, it should be recorded anew
ROWS = {"nexmark": ["--events", "100000"], "json": ["--rows", "50000"], "csv": ["--rows", "50000"]}
MANY = ["--rows", "250000"]


class Failed(Exception):
    """A program did not do its work."""


def command(build, name, times, folder):
    """What does a benchmark's work so often, on one worker."""
    program = "nexmark-bench" if name.startswith("nexmark") else "flow-bench"
    return [build / "bench" / program, "--only", name, "--alone", str(times), "--threads", "1",
            "--folder", folder, *ROWS.get(name.partition("_")[0], MANY)]


def run(words):
    """What a program printed, on both of its streams."""
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise Failed((done.stdout + done.stderr)[-2000:])
    return done.stdout, done.stderr


def instructions(words, profile):
    """How many a program takes; callgrind's profile of it goes to a file."""
    _, said = run(["valgrind", "--tool=callgrind", f"--callgrind-out-file={profile}", *words])
    return int(re.search(r"Collected *: *(\d+)", said).group(1))


def count(build, name, folder):
    """Instructions per element, and a profile."""
    profile = folder / "callgrind.out"
    said, _ = run(command(build, name, 1, folder))  # which makes the files that are read
    elements = sum(int(n) for n in re.findall(r"^alone \S+ (\d+) elements", said, re.M))
    if elements == 0:
        raise Failed(f"{name} did nothing")
    once = instructions(command(build, name, 1, folder), profile)
    return (instructions(command(build, name, 2, folder), profile) - once) / elements, profile


def recorded():
    """The compiler they were counted with, and the counts by id."""
    lines = [line.split() for line in RECORD.read_text().splitlines() if line]
    compiler = next(" ".join(words[2:]) for words in lines if words[:2] == ["#", "compiler:"])
    return compiler, {words[0]: float(words[1]) for words in lines if words[0] != "#"}


def write(compiler, counts):
    """Puts counts in their places, in the order of the file."""
    known = recorded()[1]
    known.update(counts)
    head = [line for line in RECORD.read_text().splitlines()
            if line.startswith("#") and not line.startswith("# compiler:")]
    rows = [f"{name:<20} {value:.1f}" for name, value in known.items()]
    RECORD.write_text("\n".join(head + [f"# compiler: {compiler}", ""] + rows) + "\n")


def largest(profile):
    """The functions that took the most, as comments."""
    done = subprocess.run(["callgrind_annotate", profile], capture_output=True, text=True,
                          check=False)
    rows = [line for line in done.stdout.splitlines() if re.match(r" *[\d,]+ \([ \d.]+%\)", line)]
    return [f"# {row.strip()}" for row in rows[1:13]]


def check(number, name, expected, build, folder):
    """One line of TAP, and why where it failed. The count, or None."""
    try:
        value, profile = count(build, name, folder)
    except Failed as reason:
        print(f"not ok {number} - {name}")
        print("\n".join(f"# {line}" for line in str(reason).splitlines()), flush=True)
        return None
    ratio = value / expected
    says = f"{value:.1f} instructions an element, {expected:.1f} recorded"
    print(f"{'ok' if ratio <= MORE else 'not ok'} {number} - {name}: {says}")
    if ratio > MORE:
        print("\n".join(largest(profile)))
    elif ratio < LESS:
        print("# fewer than recorded: `./dev instructions --write` records them")
    sys.stdout.flush()
    return value


def main(build, compiler, *rest):
    """Counts what is asked for, or all that is recorded."""
    names = [word for word in rest if word != "--write"]
    known_compiler, known = recorded()
    unknown = [name for name in names if name not in known]
    if unknown:
        print(f"instructions: not among those recorded: {' '.join(unknown)}", file=sys.stderr)
        return 2
    if not shutil.which("valgrind"):
        print("1..0 # skip there is no valgrind")
        return 0
    if compiler != known_compiler and "--write" not in rest:
        print(f"1..0 # skip counts were recorded with {known_compiler}, this is {compiler}")
        return 0
    names = names or list(known)
    with tempfile.TemporaryDirectory() as folder:
        counts = {name: check(i + 1, name, known[name], Path(build), Path(folder))
                  for i, name in enumerate(names)}
    print(f"1..{len(names)}")
    if None in counts.values():
        return 1
    if "--write" in rest:
        write(compiler, counts)
        return 0
    return 1 if any(value > known[name] * MORE for name, value in counts.items()) else 0


if __name__ == "__main__":
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    sys.exit(main(*sys.argv[1:]))

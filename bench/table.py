#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes the figures of a results file into docs/benchmarks.md, between its two marks: those of
`peers`, where the file is called peers.txt, else those of `figures`.

usage: bench/table.py RESULTS [PAGE]
"""
import os
import re
import sys

BEGIN = "<!-- {}: written by bench/table.py -->"
END = "<!-- end of {} -->"
LINE = re.compile(r"bench (\S+) (\S+) (\S+) ratio (\S+) \[(\S+)\.\.(\S+)\] vs (\S+)$")


def table(lines):
    """The results as Markdown: the machine as a list, then a row a figure."""
    about = [f"- {line[2:]}" for line in lines if line.startswith("# ")]
    rows = []
    notes = []
    for line in lines:
        found = LINE.match(line)
        if found:
            name, value, unit, ratio, low, high, reference = found.groups()
            reference = reference.replace("_", " ")
            rows.append(f"| `{name}` | {value} {unit} | {ratio} | {low} – {high} | {reference} |")
        elif line.startswith(("failed", "skipped", "void")):
            notes.append(f"- {line}")
    head = ["| id | figure | ratio | lowest – highest | against |", "|---|---|---|---|---|"]
    return "\n".join(about + [""] + head + rows + ([""] + notes if notes else []))


def main():
    results = sys.argv[1]
    page = sys.argv[2] if len(sys.argv) > 2 else "docs/benchmarks.md"
    name = "peers" if os.path.basename(results) == "peers.txt" else "figures"
    begin, end = BEGIN.format(name), END.format(name)
    with open(results, encoding="utf-8") as file:
        lines = file.read().splitlines()
    with open(page, encoding="utf-8") as file:
        text = file.read()
    before, rest = text.split(begin)
    after = rest.split(end)[1]
    with open(page, "w", encoding="utf-8") as file:
        file.write(f"{before}{begin}\n{table(lines)}\n{end}{after}")


if __name__ == "__main__":
    main()

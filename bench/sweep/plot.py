#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Draws the lines of flow-sweep as pictures, one a sweep.

usage: bench/sweep/plot.py RESULTS FOLDER      writes FOLDER/sweep-NAME.svg
"""
import math
import re
import sys
from pathlib import Path

LINE = re.compile(r"sweep (\S+) (\S+) (\S+) \[(\S+)\.\.(\S+)\]$")
SAYS = {
    "keys": "different keys",
    "bundle": "rows of a bundle",
    "disorder": "percent of rows that come late, by up to 10 s",
    "overlap": "windows that a row lies in",
    "row": "bytes of a row",
    "text": "bytes of a key that is text",
    "skew": "exponent of Zipf's law by which keys come",
}
LINEAR = ("disorder", "skew")
WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 560, 300, 64, 20, 34, 52


def read(lines):
    """name → [(x, middle, low, high)]"""
    sweeps = {}
    for line in lines:
        found = LINE.match(line.strip())
        if found:
            sweeps.setdefault(found.group(1), []).append(tuple(map(float, found.groups()[1:])))
    return sweeps


def short(value):
    """A number as an axis says it."""
    for size, letter in ((1e6, "M"), (1e3, "k")):
        if value >= size:
            return f"{value / size:g}{letter}"
    return f"{value:g}"


def scale(low, high, begin, end, linear):
    """From values to places on an axis."""
    if linear:
        return lambda v: begin + (v - low) / ((high - low) or 1) * (end - begin)
    span = math.log(high / low) or 1
    return lambda v: begin + math.log(v / low) / span * (end - begin)


def ticks(low, high):
    """1, 2, 5, 10 … between two values."""
    steps = (m * 10.0 ** e for e in range(-2, 8) for m in (1, 2, 5))
    return [step for step in steps if low * 0.999 <= step <= high * 1.001]


def text(x, y, words, anchor="middle", more=""):
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}"{more}>{words}</text>'


def picture(name, points):
    """One sweep: a line through the medians, a band from the lowest to the highest round."""
    x_of = scale(points[0][0], points[-1][0], LEFT, WIDTH - RIGHT, name in LINEAR)
    low = min(p[2] for p in points) / 1.3
    high = max(p[3] for p in points) * 1.3
    y_of = scale(low, high, HEIGHT - BOTTOM, TOP, False)
    out = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" '
           f'width="{WIDTH}" height="{HEIGHT}" font-family="sans-serif" font-size="11" '
           f'role="img" aria-label="ns an element by {SAYS[name]}">',
           '<rect width="100%" height="100%" fill="#fff"/>',
           text(LEFT, 20, f"ns an element, by {SAYS[name]}", "start", ' font-size="13"')]
    for step in ticks(low, high):
        y = y_of(step)
        out.append(f'<path d="M{LEFT} {y:.1f}H{WIDTH - RIGHT}" stroke="#ddd"/>')
        out.append(text(LEFT - 6, y + 4, short(step), "end"))
    for x, *_ in points:
        out.append(text(x_of(x), HEIGHT - BOTTOM + 18, short(x)))
    upper = [f"{x_of(x):.1f} {y_of(top):.1f}" for x, _, _, top in points]
    lower = [f"{x_of(x):.1f} {y_of(bottom):.1f}" for x, _, bottom, _ in reversed(points)]
    out.append(f'<path d="M{"L".join(upper + lower)}Z" fill="#2a6f97" fill-opacity="0.18"/>')
    line = "L".join(f"{x_of(x):.1f} {y_of(middle):.1f}" for x, middle, _, _ in points)
    out.append(f'<path d="M{line}" fill="none" stroke="#2a6f97" stroke-width="2"/>')
    for x, middle, _, _ in points:
        out.append(f'<circle cx="{x_of(x):.1f}" cy="{y_of(middle):.1f}" r="3" fill="#2a6f97"/>')
    for i, (x, middle, _, _) in enumerate(points):
        anchor = "start" if i == 0 else "end" if i + 1 == len(points) else "middle"
        out.append(text(x_of(x), y_of(middle) - 8, f"{middle:.3g}", anchor, ' fill="#2a6f97"'))
    out.append(text((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 14, SAYS[name]))
    return "\n".join(out + ["</svg>", ""])


def main(results, folder):
    for name, points in read(Path(results).read_text().splitlines()).items():
        Path(folder, f"sweep-{name}.svg").write_text(picture(name, points))


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    main(*sys.argv[1:])

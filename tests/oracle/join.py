#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Puts cases and what Beam made of them together, a line each, behind a line that says how both
were made: join.py POM CASES RESULTS SEED."""
import hashlib
import json
import re
import sys


def main():
    pom, cases, results, seed = sys.argv[1:]
    version = re.search(r"<beam.version>([^<]+)<", open(pom).read()).group(1)
    lines = []
    for case, result in zip(open(cases), open(results), strict=True):
        case, result = json.loads(case), json.loads(result)
        assert case["id"] == result.pop("id")
        lines.append(json.dumps({**case, **result}, separators=(",", ":")))
    body = "\n".join(lines) + "\n"
    head = {"generator": "tests/oracle/cases.py", "seed": seed, "cases": len(lines),
            "oracle": f"Apache Beam Java {version}, DirectRunner",
            "sha256": hashlib.sha256(body.encode()).hexdigest()}
    sys.stdout.write(json.dumps(head) + "\n" + body)


main()

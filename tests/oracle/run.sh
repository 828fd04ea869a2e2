#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Runs the cases on Beam's DirectRunner and compares the panes with the recorded ones.
#   run.sh [--write] [COUNT] [SEED]    --write records cases and panes anew
# Wants JDK 17 and Maven; what Maven fetches and javac makes goes to .deps/beam.
set -euo pipefail
here=$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")
root=$(dirname "$(dirname "$here")")
write=
if [ "${1:-}" = --write ]; then
    write=yes
    shift
fi
count=${1:-1500}
seed=${2:-1}
out=$root/.deps/beam
recorded=$here/panes.jsonl.gz

mkdir -p "$out/classes"
[ -f "$out/lib/ready" ] || {
    mvn -q -B -f "$here/beam/pom.xml" dependency:copy-dependencies -DincludeScope=runtime \
        -DoutputDirectory="$out/lib" >"$out/maven.log" 2>&1
    touch "$out/lib/ready"
}
javac -d "$out/classes" -cp "$out/lib/*" "$here"/beam/src/main/java/oracle/*.java
python3 "$here/cases.py" "$count" "$seed" >"$out/cases.jsonl"
java -Xmx2g -cp "$out/classes:$out/lib/*" oracle.Oracle 4 \
    <"$out/cases.jsonl" >"$out/results.jsonl" 2>"$out/oracle.log"
python3 "$here/join.py" "$here/beam/pom.xml" "$out/cases.jsonl" "$out/results.jsonl" "$seed" \
    >"$out/panes.jsonl"
if [ -n "$write" ]; then
    gzip -9 -n -c "$out/panes.jsonl" >"$recorded"
    echo "recorded $count cases in tests/oracle/panes.jsonl.gz"
elif gzip -d -c "$recorded" | cmp -s - "$out/panes.jsonl"; then
    echo "Beam gives what is recorded: $count cases"
else
    echo "Beam gives something else than what is recorded: compare $out/panes.jsonl" >&2
    exit 1
fi

#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Runs cases and whole pipelines on Beam's DirectRunner and compares what comes out with what is
# recorded.
#   run.sh [--write] [panes|pipes|nexmark] [SEED]    --write records inputs and results anew
# Without a word panes and pipes; nexmark, which fetches half of Beam, only where asked for.
# Wants JDK 17 and Maven; what Maven fetches and javac makes goes to .deps/beam.
set -euo pipefail
here=$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")
root=$(dirname "$(dirname "$here")")
out=$root/.deps/beam
. "$root/tools/java.sh"
write=
if [ "${1:-}" = --write ]; then
    write=yes
    shift
fi
what=${1:-both}
seed=${2:-1}

beam() {
    java -Xmx2g -cp "$out/classes:$out/lib/*" "$@"
}

# The panes of 1,500 windowings, triggers and scripts: one file.
panes() {
    local recorded=$here/panes.jsonl.gz
    python3 "$here/cases.py" 1500 "$seed" >"$out/cases.jsonl"
    beam oracle.Oracle 4 <"$out/cases.jsonl" >"$out/results.jsonl" 2>"$out/oracle.log"
    python3 "$here/join.py" "$here/beam/pom.xml" "$out/cases.jsonl" "$out/results.jsonl" "$seed" \
        >"$out/panes.jsonl"
    if [ -n "$write" ]; then
        gzip -9 -n -c "$out/panes.jsonl" >"$recorded"
        echo "recorded 1500 cases in tests/oracle/panes.jsonl.gz"
    elif gzip -d -c "$recorded" | cmp -s - "$out/panes.jsonl"; then
        echo "Beam gives what is recorded: 1500 cases"
    else
        echo "Beam gives something else than what is recorded: compare $out/panes.jsonl" >&2
        return 1
    fi
}

# Whole pipelines: a file each.
pipes() {
    local file name status=0
    python3 "$here/inputs.py" "$seed" |
        beam oracle.pipes.Pipes 4 >"$out/pipes.jsonl" 2>"$out/pipes.log"
    python3 "$here/golden.py" make "$here/beam/pom.xml" "$out/pipes.jsonl" "$out/golden" "$seed"
    for file in "$out"/golden/*.jsonl.gz; do
        name=$(basename "$file" .jsonl.gz)
        if [ -n "$write" ]; then
            cp "$file" "$here/golden/"
        elif ! cmp -s <(gzip -d -c "$file") <(gzip -d -c "$here/golden/$name.jsonl.gz"); then
            echo "Beam gives something else for $name than what is recorded: compare $file" >&2
            status=1
        fi
    done
    [ $status != 0 ] || echo "${write:+recorded }pipelines: $(wc -l <"$out/pipes.jsonl") runs"
    return $status
}

# What two runs of Beam agree on: not the times of q3, and of q6 how many means a seller has.
agreed() {
    case $1 in
    q3) cut -f 2 | sort ;;
    q6) sed 's/,"price".*//' | sort ;;
    *) cat ;;
    esac
}

# Beam's own Nexmark suite: a file a query.
nexmark() {
    local golden=$root/tests/examples/nexmark/golden made name status=0
    mkdir -p "$out/nexmark"
    java -Xmx2g -cp "$out/nexmark-classes:$out/nexmark-lib/*" oracle.nexmark.Nexmark \
        "$out/nexmark" 10000 >"$out/nexmark.log" 2>&1
    for made in "$out"/nexmark/*.tsv; do
        name=$(basename "$made" .tsv)
        if [ -n "$write" ]; then
            gzip -9 -n -c "$made" >"$golden/$name.tsv.gz"
        elif ! cmp -s <(agreed "$name" <"$made") \
            <(gzip -d -c "$golden/$name.tsv.gz" | agreed "$name"); then
            echo "Beam gives something else for $name than what is recorded: compare $made" >&2
            status=1
        fi
    done
    [ -z "$write" ] || (cd "$golden" && sha256sum -- *.gz >SHA256SUMS)
    [ $status != 0 ] ||
        echo "${write:+recorded }nexmark: $(ls "$out"/nexmark/*.tsv | wc -l) queries"
    return $status
}

status=0
if [ "$what" = nexmark ]; then
    java_build "$out/nexmark-lib" "$out/nexmark-classes" "$here/nexmark"
    nexmark || status=1
else
    mkdir -p "$out/golden"
    java_build "$out/lib" "$out/classes" "$here/beam"
    [ "$what" = pipes ] || panes || status=1
    [ "$what" = panes ] || pipes || status=1
fi
exit $status

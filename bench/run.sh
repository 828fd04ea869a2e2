#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# bench/run.sh BUILD_DIR [ID…] [--OPTION VALUE…]: runs the benchmarks of a release build, one line a
# figure, and keeps them with a description of the machine in BUILD_DIR/bench/results.txt.
# bench/run.sh BUILD_DIR nexmark [ID…] [--OPTION VALUE…]: those of Nexmark (`nexmark_q5` or `q5`),
# kept in BUILD_DIR/bench/nexmark.txt.
# bench/run.sh BUILD_DIR peers --peer NAME=COMMAND… [--OPTION VALUE…]: other engines, as
# `./dev bench peers` says it, kept in BUILD_DIR/bench/peers.txt.
# bench/run.sh BUILD_DIR sweep [WHAT…] [--OPTION VALUE…]: a windowed count with one thing changed
# from end to end, kept in BUILD_DIR/bench/sweep.txt.
set -euo pipefail
[ $# -ge 1 ] || { echo "usage: bench/run.sh BUILD_DIR [ID…] [--OPTION VALUE…]" >&2; exit 2; }
build=$(cd "$1" && pwd)
shift
program=$build/bench/flow-bench
if [ ! -x "$program" ]; then
    echo "bench: $build has no flow-bench (it needs the json feature)" >&2
    exit 1
fi

suite=
if [ "${1:-}" = nexmark ]; then
    suite=nexmark
    program=$build/bench/nexmark-bench
    shift
elif [ "${1:-}" = peers ]; then
    suite=peers
    program=$build/bench/peers-bench
    shift
elif [ "${1:-}" = sweep ]; then
    suite=sweep
    program=$build/bench/flow-sweep
    shift
fi

ids=
while [ $# -gt 0 ] && [[ $1 != --* ]]; do
    id=$1
    [ -z "$suite" ] || id=${suite}_${1#"${suite}_"}
    ids=${ids:+$ids,}$id
    shift
done

folder=$build/bench/data
results=$build/bench/${suite:-results}.txt
mkdir -p "$folder"
arguments=(--folder "$folder")
[ "$suite" != sweep ] || arguments=()
[ -z "$suite" ] && [ -x "$build/examples/trendmart/spikes" ] &&
    arguments+=(--spikes "$build/examples/trendmart")

describe() {
    echo "# cpu: $(awk -F': *' '/^model name/ { print $2; exit }' /proc/cpuinfo), family $(
        awk -F': *' '/^cpu family/ { print $2; exit }' /proc/cpuinfo), $(nproc) cores"
    echo "# memory: $(awk '/^MemTotal/ { printf "%.0f GiB", $2 / 1048576 }' /proc/meminfo)"
    echo "# kernel: $(uname -sr)"
    echo "# compiler: $(${CC:-cc} --version | head -n 1)"
    echo "# date: $(date -u +%Y-%m-%d)"
    echo "# load before: $(cut -d' ' -f1-3 /proc/loadavg)"
}

# The counter of allocations is preloaded for that benchmark alone.
others() { "$program" --list | grep -v -x allocations | paste -s -d, -; }
run() {
    if [ -n "$suite" ]; then
        "$program" "${arguments[@]}" ${ids:+--only "$ids"} "$@"
        return
    fi
    if [ -n "$ids" ]; then
        local rest
        rest=$(tr ',' '\n' <<<"$ids" | grep -v -x allocations | paste -s -d, -)
        [ -z "$rest" ] || "$program" "${arguments[@]}" --only "$rest" "$@" || failed=1
    else
        "$program" "${arguments[@]}" --only "$(others)" "$@" || failed=1
    fi
    if [ -z "$ids" ] || [[ ,$ids, == *,allocations,* ]]; then
        LD_PRELOAD=$build/bench/libbench-allocations.so \
            "$program" "${arguments[@]}" --only allocations "$@" || failed=1
    fi
    return "${failed:-0}"
}

describe | tee "$results.new"
status=0
run "$@" | tee -a "$results.new" || status=$?
mv "$results.new" "$results"
exit "$status"

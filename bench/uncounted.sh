#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# bench/uncounted.sh BUILD_DIR [ROUNDS [ID…]]: what the engine's own figures cost (counts, bytes,
# busy time). Builds a copy of the tree that does not take them, and runs both by turns.
set -euo pipefail
[ $# -ge 1 ] || { echo "usage: bench/uncounted.sh BUILD_DIR [ROUNDS [ID…]]" >&2; exit 2; }
build=$(cd "$1" && pwd)
rounds=${2:-5}
ids=("${@:3}")
[ ${#ids[@]} -gt 0 ] || ids=(stateless_fused stateless_element keyed_1k keyed_1m sliding_60)
here=$(cd "$(dirname "$0")/.." && pwd)
work=$build/bench/uncounted

# Replaces what must stand there exactly once.
edit() {
    python3 - "$work/tree/$1" "$2" "$3" <<'PY'
import sys
path, old, new = sys.argv[1:]
text = open(path).read()
assert text.count(old) == 1, f'{path}: {old!r} stands there {text.count(old)} times'
open(path, 'w').write(text.replace(old, new))
PY
}

rm -rf "$work/tree"
mkdir -p "$work/tree"
git -C "$here" archive HEAD | tar -x -C "$work/tree"
edit runners/core/engine.h \
    'atomic_store_explicit(counter, now + n, memory_order_relaxed);' '(void)now, (void)n;'
edit runners/core/busy.c 'worker->busy = NULL;
    if (' 'worker->busy = NULL;
    if (true || '
[ -e "$work/build/build.ninja" ] ||
    meson setup "$work/build" "$work/tree" --buildtype=release \
        $([ ! -d "$here/.deps/yyjson" ] || echo -Dyyjson_dir="$here/.deps/yyjson") \
        >"$work/setup.log"
ninja -C "$work/build" bench/flow-bench >"$work/build.log"

# One figure: nanoseconds of the engine an element.
time_of() { "$1/bench/flow-bench" --folder "$build/bench/data" --only "$2" --rounds 3 |
    awk -v id="$2" '$1 == "bench" && $2 == id { print $4 == "M/s" ? 1000 / $3 : $3 }'; }
median() { sort -g | awk '{ at[NR] = $1 } END { print at[int((NR + 1) / 2)] }'; }
for id in "${ids[@]}"; do
    : >"$work/with" && : >"$work/without" && : >"$work/ratio"
    for _ in $(seq "$rounds"); do
        with=$(time_of "$build" "$id")
        without=$(time_of "$work/build" "$id")
        echo "$with" >>"$work/with"
        echo "$without" >>"$work/without"
        awk -v a="$without" -v b="$with" 'BEGIN { print (b / a - 1) * 100 }' >>"$work/ratio"
    done
    printf 'uncounted %s with %.2f ns without %.2f ns cost %.1f %%\n' "$id" \
        "$(median <"$work/with")" "$(median <"$work/without")" "$(median <"$work/ratio")"
done

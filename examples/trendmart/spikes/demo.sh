#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The demo: TrendMart's spike detection in four acts. usage: demo.sh BUILD_DIR [--seed N]
# [--plant PRODUCT@HH:MM×FACTOR]… [--events N]. Ends with 0 only if the truth, both hashes and the
# balance hold.
set -euo pipefail

usage() {
    echo "usage: ./dev demo [--seed N] [--plant PRODUCT@HH:MM×FACTOR]… [--events N]" >&2
    exit 2
}

[ $# -ge 1 ] || usage
build=$(cd "$1" && pwd)
shift
here=$(cd "$(dirname "$0")" && pwd)
seed=$((RANDOM * 32768 + RANDOM))
events=10000000
plants=()
while [ $# -gt 0 ]; do
    [ $# -ge 2 ] || usage
    case $1 in
    --seed) seed=$2 ;;
    --plant) plants+=(--plant "$2") ;;
    --events) [[ $2 =~ ^[0-9]{1,12}$ ]] || usage; events=$2 ;;
    *) usage ;;
    esac
    shift 2
done

[[ $seed =~ ^[0-9]{1,18}$ ]] || usage
seed=$((10#$seed))

programs=$build/examples/trendmart
[ -x "$programs/spikes" ] || {
    echo "demo.sh: no $programs/spikes: build first (./dev demo)" >&2
    exit 1
}
data=$(mktemp -d "$build/demo.XXXXXX")
bold='' plain=''
[ -t 1 ] && bold=$'\e[1m' plain=$'\e[0m'
failed=0

# However the demo ends: nothing is left behind, and a failure is the last thing that is said.
finish() {
    local status=$?
    rm -rf "$data"
    [ $status -eq 0 ] || echo "the demo FAILED: status $status, seed $seed"
}
trap finish EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

act() { printf '%s%-9s%s %s\n' "$bold" "$1" "$plain" "$2"; }
now() { date +%s%N; }
since() { awk -v a="$1" -v b="$(now)" 'BEGIN { printf "%.1f", (b - a) / 1e9 }'; }
indent() { sed -u 's/^/          /'; }
hash_of() { sed -n 's/.*hash //p' "$1"; }

# Rows of a table by their factor, the largest first.
by_factor() {
    awk '{ for (i = 1; i <= NF; i++) if ($i ~ /×$/) print $i + 0 "\t" $0 }' | sort -rn | cut -f2-
}

# Near-spikes of the truth, each with the reason why nothing was said of it.
why_silent() {
    { grep '"kind":"near"' "$data/batch.truth" || true; } | { grep -e "${1:-}" || true; } |
        tr -d '{}"' |
        awk -F, '{
            for (i = 1; i <= NF; i++) {
                at = index($i, ":")
                v[substr($i, 1, at - 1)] = substr($i, at + 1)
            }
            if (v["count"] + 0 < 60)
                printf "%s: %d views < 60 (%s)\n", v["product"], v["count"], v["peak"]
            else
                printf "%s: %.2f× < 3.0× (%s)\n", v["product"], v["factor"], v["peak"]
        }'
}

act '1 batch' "about $events events of a shop, with spikes planted in them"
start=$(now)
if ! "$programs/generate" --seed "$seed" --events "$events" "${plants[@]}" --disordered 0.2 \
    --out "$data/batch.clicks" --truth "$data/batch.truth" 2>"$data/generate.log"; then
    cat "$data/generate.log" >&2
    exit 1
fi
made=$(sed 's/, 0 late, 0 future, 0 broken//' "$data/generate.log")
echo "          generated in $(since "$start") s: $made"
"$programs/spikes" --indent 10 --disorder 5s --output table --out "$data/batch.episodes" \
    "$data/batch.clicks" >"$data/batch.table" || failed=1
{ grep '^spike' "$data/batch.table" || true; } | by_factor | sed -n 1,4p | indent
{ grep '^drop' "$data/batch.table" || true; } | by_factor | sed -n '$p' | indent
echo "          … $(wc -l <"$data/batch.table") episodes in all: the largest spikes, and a drop"

act '2 live' "two days in about 15 s, as a stream: an episode when it is over, with its delay"
"$programs/generate" --seed $((seed + 1)) --events 2000000 --disordered 0.2 \
    --spikes 4 --nears 4 --drops 1 --out "$data/live.clicks" --truth "$data/live.truth" \
    2>/dev/null
"$programs/spikes" --quiet "$data/live.clicks" >"$data/live.batch" 2>/dev/null || failed=1
"$programs/spikes" --stream --speed 11520 --output table "$data/live.clicks" \
    2>"$data/live.log" | indent || failed=1
streamed=$(hash_of "$data/live.log") batched=$(hash_of "$data/live.batch")
if [ -n "$batched" ] && [ "$streamed" = "$batched" ]; then
    echo "          alerts equal batch: $streamed"
else
    echo "          ALERTS DIFFER: stream ${streamed:-none}, batch ${batched:-none}"
    failed=1
fi

best=$(why_silent | { grep '×.*<' || true; } | sort -t: -k2 -n | tail -1)
product=${best%%:*}
act '3 yours' "the seed was $seed; plant your own: --seed $seed --plant ${product:-hat-1}@14:30×5"
for wish in "${plants[@]}"; do
    [ "$wish" = --plant ] && continue
    product=${wish%%@*}
    { grep " $product " "$data/batch.table" || why_silent "\"$product\""; } | indent
done
echo "          best near-spike, silent as it should be: ${best:-none was planted}"

act '4 break' "1 % broken lines, events a quarter of an hour late, one of the year 2099"
"$programs/generate" --seed $((seed + 2)) --events 500000 --hours 8 --products 200 \
    --broken 0.01 --late 0.002 --future --out "$data/break.clicks" --truth "$data/break.truth" \
    2>/dev/null
"$programs/spikes" --quiet --on-error dead-letter --stream --speed 14400 --balance \
    "$data/break.clicks" 2>"$data/break.log" >"$data/break.out" || failed=1
{ grep -v hash "$data/break.out" || cat "$data/break.log"; } | indent
echo "          an event lies in ten windows; one that is late counts once for each it misses"

lines=$(cat "$here/graph.c" "$here/detect.c" "$here/episodes.c" "$here/steps.c" | wc -l)
echo
"$programs/check" "$data/batch.episodes" "$data/batch.truth" 2>"$data/check.log" | tail -1 ||
    failed=1
cat "$data/check.log"
echo "the job: $lines lines of C in examples/trendmart/spikes (graph.c detect.c episodes.c steps.c)"
echo "your own file: $programs/spikes --output table --product-field NAME FILE.json"
exit $failed

#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The job on the retentioneering sample: spikes per kind of event and day, then what is new and
# stays. usage: published.sh SPIKES [ECOM.csv.gz]
set -euo pipefail
spikes=$1
data=${2:-$(dirname "$0")/../data/ecom.csv.gz}
kinds=(--time-field timestamp --product-field event --event-field unused --views '' --no-sales
    --from 2024-01-04 --until 2024-06-30 --slide 1d --drop-factor 0 --cooldown 1d --output table)

echo "a day against the mean of the 7 days before: at least 10 events and 3 times as many"
"$spikes" "${kinds[@]}" --window 1d --baseline 7 --min-count 10 "$data" 2>/dev/null
echo "new and sustained: at least 5 events in 7 days after none in the 28 days before"
"$spikes" "${kinds[@]}" --window 7d --baseline 4 --min-count 5 --fresh "$data" 2>/dev/null

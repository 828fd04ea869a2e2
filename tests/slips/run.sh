#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Compiles slips that must not compile and looks for the sentences that each file's comments ask
# for (both:, gcc:, clang:), and the control file, which must compile. Speaks TAP:
# run.sh gcc|clang INCLUDE,… FILE…
set -u
compiler=$1
IFS=, read -ra folders <<<"$2"
shift 2
command -v "$compiler" >/dev/null || { echo "1..0 # SKIP no $compiler here"; exit 0; }
export LC_ALL=C
options=(-std=c11 -Wall -Wextra -Wpedantic -fsyntax-only "${folders[@]/#/-I}")
number=0

# say NAME MISSING LOG: ok when nothing is missing.
say() {
    number=$((number + 1))
    if [ -z "$2" ]; then
        printf 'ok %d - %s\n' "$number" "$1"
    else
        printf 'not ok %d - %s\n# %s\n' "$number" "$1" "$2"
        printf '%s\n' "$3" | head -n 20 | sed 's/^/# /'
    fi
}

# control FILE: compiles without a warning, so that the slips fail for what they slip on.
control() {
    local log missing=
    log=$("$compiler" "${options[@]}" "$1" 2>&1) || missing='does not compile'
    [ -n "$missing" ] || [ -z "$log" ] || missing='gives warnings'
    say "the control file compiles with $compiler" "$missing" "$log"
}

# slip FILE: does not compile, and the compiler says what the file's comments ask for.
slip() {
    local log sentence wanted missing=
    wanted=$(sed -n "s@^// \(both\|$compiler\): @@p" "$1")
    [ -n "$wanted" ] || missing='the file asks for no sentence'
    if log=$("$compiler" "${options[@]}" "$1" 2>&1); then
        missing='compiles, though it must not'
    fi
    while [ -z "$missing" ] && IFS= read -r sentence; do
        case $log in
            *"$sentence"*) ;;
            *) missing="the compiler does not say: $sentence" ;;
        esac
    done <<<"$wanted"
    say "$(basename "$1" .c) is refused by $compiler" "$missing" "$log"
}

for file in "$@"; do
    case $file in
        *control.c) control "$file" ;;
        *) slip "$file" ;;
    esac
done
printf '1..%d\n' "$number"

#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Compiles each public header alone, twice included, as C11 and as C++17 with every warning an
# error, and after it nothing but itself. Speaks TAP: headers.sh INCLUDE,… HEADER…
set -u
IFS=, read -ra folders <<<"$1"
shift
number=0
includes=("${folders[@]/#/-I}")
warnings=(-Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wundef -Werror -fsyntax-only)
c_warnings=(-Wstrict-prototypes -Wmissing-prototypes)

# try NAME COMPILER OPTION…: the header in $text, in the compiler's language.
try() {
    local name=$1 log
    shift
    number=$((number + 1))
    if ! command -v "$1" >/dev/null; then
        printf 'ok %d - %s # SKIP no %s here\n' "$number" "$name" "$1"
    elif log=$(printf '%s\n' "$text" | "$@" "${warnings[@]}" "${includes[@]}" - 2>&1); then
        printf 'ok %d - %s\n' "$number" "$name"
    else
        printf 'not ok %d - %s\n' "$number" "$name"
        printf '%s\n' "$log" | head -n 20 | sed 's/^/# /'
    fi
}

for header in "$@"; do
    text=$(printf '#include <flow/%s>\n#include <flow/%s>\nint flow_header_is_alone;\n' \
        "$header" "$header")
    c_name="flow_${header%.h}_is_C11_alone"
    try "${c_name}_with_gcc" gcc -std=c11 -x c "${c_warnings[@]}"
    try "${c_name}_with_clang" clang -std=c11 -x c "${c_warnings[@]}"
    try "flow_${header%.h}_is_Cxx17_alone" g++ -std=c++17 -x c++
done
printf '1..%d\n' "$number"

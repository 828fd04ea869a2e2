#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Installs libflow from a build folder into a place of its own, and uses it as strangers do: through
# pkg-config, CMake, as a meson subproject, from C++. Speaks TAP: package.sh SOURCE BUILD YYJSON_DIR
set -uo pipefail
unset LD_LIBRARY_PATH # meson's names the build folder
source_dir=$1
build_dir=$2
yyjson_dir=$3
here=$source_dir/tests/package
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
number=0
stripped_max=1300000

# it SENTENCE COMMAND…: one case; what the command said is shown when it failed.
it() {
    local name=$1
    shift
    number=$((number + 1))
    # Not inside of the `if`, where bash would not stop at the first failing command.
    (
        set -e
        "$@"
    ) >"$work/log" 2>&1 </dev/null
    if [ $? = 0 ]; then
        printf 'ok %d - %s\n' "$number" "$name"
    else
        printf 'not ok %d - %s\n' "$number" "$name"
        tail -n 30 "$work/log" | sed 's/^/# /'
    fi
}

it_with() {
    local tool=$1
    shift
    if command -v "$tool" >/dev/null; then
        it "$@"
    else
        number=$((number + 1))
        printf 'ok %d - %s # SKIP no %s here\n' "$number" "$1" "$tool"
    fi
}

must() {
    "$@" || { printf 'this does not hold: %s\n' "$*"; return 1; }
}

never() {
    if "$@"; then
        printf 'this must not hold: %s\n' "$*"
        return 1
    fi
}

loads_libflow() { LD_LIBRARY_PATH=$(libdir) ldd "$1" | grep 'libflow\.so'; }

install_it() {
    DESTDIR=$work/root meson install -C "$build_dir" --no-rebuild --quiet
    prefix=$(meson introspect --buildoptions "$build_dir" |
        python3 -c 'import json, sys
print(next(o["value"] for o in json.load(sys.stdin) if o["name"] == "prefix"))')
    # What a distributor would do: files under the prefix moved to where they are used.
    mv "$work/root$prefix" "$work/usr"
    must test -f "$work/usr/include/flow/flow.h"
    find "$work/usr" -name 'libflow.so.0' -printf '%h\n' >"$work/libdir"
    must test -s "$work/libdir"
    must grep -q . "$work/libdir"
    must test -f "$(libdir)/pkgconfig/flow.pc"
    must test -f "$(libdir)/cmake/flow/flowConfig.cmake"
    never grep -rn "$build_dir" "$(libdir)/pkgconfig" "$(libdir)/cmake"
}

libdir() { cat "$work/libdir"; }

flow_config() {
    PKG_CONFIG_PATH=$(libdir)/pkgconfig pkg-config --define-variable=prefix="$work/usr" "$@" flow
}

# counts_words PROGRAM: what the README says that it prints.
counts_words() {
    printf 'to be, or not to be\n' >"$work/input.txt"
    rm -f "$work/counts.csv"
    LD_LIBRARY_PATH=$(libdir) timeout 60 "$1" "$work/input.txt" "$work/counts.csv"
    must test "$(head -n 1 "$work/counts.csv")" = key,count
    tail -n +2 "$work/counts.csv" | sort >"$work/sorted"
    diff - "$work/sorted" <<<$'be,2\nnot,1\nor,1\nto,2'
}

strict=(-std=c11 -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Werror)

word_count_shared() {
    cc "${strict[@]}" "$source_dir/examples/word_count/word_count.c" -o "$work/shared" \
        $(flow_config --cflags --libs)
    must loads_libflow "$work/shared"
    counts_words "$work/shared"
}

word_count_static() {
    local libs
    libs=$(flow_config --static --cflags --libs | sed 's/-lflow\b/-l:libflow.a/')
    cc "${strict[@]}" "$source_dir/examples/word_count/word_count.c" -o "$work/static" $libs
    never loads_libflow "$work/static"
    counts_words "$work/static"
}

embed_runs() {
    cc "${strict[@]}" "$source_dir/examples/embed/embed.c" -o "$work/embed" \
        $(flow_config --cflags --libs)
    LD_LIBRARY_PATH=$(libdir) timeout 60 "$work/embed" | sort >"$work/embedded"
    local minute
    for minute in 0 1 2 3 4; do
        printf '1970-01-01T00:0%d:00Z /hats 20\n1970-01-01T00:0%d:00Z /shoes 40\n' $minute $minute
    done | diff - "$work/embedded"
}

# The platform is many files and uses POSIX; the generator and the checker need no library.
trendmart_runs() {
    local spikes=$source_dir/examples/trendmart/spikes file
    local -a job=() shop=() posix=("${strict[@]}" -D_POSIX_C_SOURCE=200809L)
    for file in "$spikes"/*.c; do
        case ${file##*/} in
            check.c) ;;
            clicks.c | generate.c | line.c | plant.c | scan.c | shop.c) shop+=("$file") ;;
            *) job+=("$file") ;;
        esac
    done
    cc "${posix[@]}" "${job[@]}" -o "$work/spikes" $(flow_config --cflags --libs) -pthread
    cc "${posix[@]}" "${shop[@]}" -o "$work/generate" -lm
    cc "${posix[@]}" "$spikes/check.c" -o "$work/check" -lm
    "$work/generate" --events 300000 --hours 8 --products 100 --out "$work/clicks.json" \
        --truth "$work/truth.json"
    LD_LIBRARY_PATH=$(libdir) timeout 60 "$work/spikes" --quiet --out "$work/found.json" \
        "$work/clicks.json"
    "$work/check" "$work/found.json" "$work/truth.json"
}

nexmark_runs() {
    cc "${strict[@]}" -D_POSIX_C_SOURCE=200809L "$source_dir"/examples/nexmark/*.c \
        -o "$work/nexmark" $(flow_config --cflags --libs) -lm
    LD_LIBRARY_PATH=$(libdir) timeout 60 "$work/nexmark" --query q5 --out "$work/hot.json"
    must test "$(wc -l <"$work/hot.json")" = 12
}

plain_cxx() {
    g++ -std=c++17 -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Werror "$here/plain.cpp" \
        -o "$work/plain" $(flow_config --cflags --libs)
    must test "$(LD_LIBRARY_PATH=$(libdir) timeout 60 "$work/plain")" = 642
}

cmake_finds() {
    cmake -S "$here/cmake" -B "$work/cmake" -Dflow_DIR="$(libdir)/cmake/flow" \
        -DWORD_COUNT="$source_dir/examples/word_count/word_count.c"
    cmake --build "$work/cmake"
    counts_words "$work/cmake/shared"
    never loads_libflow "$work/cmake/static"
    counts_words "$work/cmake/static"
}

cmake_refuses() {
    never cmake -S "$here/cmake" -B "$work/cmake-9" -Dflow_DIR="$(libdir)/cmake/flow" -DWANTED=9.0 \
        -DWORD_COUNT="$source_dir/examples/word_count/word_count.c"
    must grep -q 'version: 0.1' "$work/log"
}

meson_subproject() {
    mkdir -p "$work/host/subprojects"
    cp "$here/subproject/meson.build" "$source_dir/examples/word_count/word_count.c" "$work/host/"
    ln -s "$source_dir" "$work/host/subprojects/libflow"
    meson setup "$work/host/build" "$work/host" --buildtype=plain -Dlibflow:yyjson_dir="$yyjson_dir"
    ninja -C "$work/host/build"
    counts_words "$work/host/build/word_count"
}

exports_prefixed() {
    local names
    names=$(nm -D --defined-only "$(libdir)/libflow.so" | awk '$2 !~ /[Aa]/ { print $3 }')
    must test -n "$names"
    never grep -v '^flow_' <<<"$names"
}

static_prefixed() {
    local names
    names=$(nm -g --defined-only "$(libdir)/libflow.a" | awk 'NF == 3 { print $3 }')
    must test -n "$names"
    never grep -v -e '^flow_' -e '^fl_' <<<"$names"
}

needs_little() {
    objdump -p "$(libdir)/libflow.so" >"$work/dynamic"
    grep -q 'SONAME *libflow.so.0$' "$work/dynamic"
    awk '$1 == "NEEDED" { print $2 }' "$work/dynamic" >"$work/needed"
    never grep -v -e '^libc\.' -e '^libm\.' -e '^libz\.' -e '^libzstd\.' -e '^libbz2\.' \
        -e '^libsnappy\.' -e '^libyyjson\.' -e '^libpthread\.' -e '^ld-linux' "$work/needed"
}

is_small() {
    strip -o "$work/stripped.so" "$(libdir)/libflow.so.0"
    size=$(stat -c %s "$work/stripped.so")
    must test "$size" -lt "$stripped_max"
}

it libflow_installs_headers_libraries_and_both_configs install_it
it a_program_links_through_pkg_config word_count_shared
it a_program_links_statically_through_pkg_config word_count_static
it the_embedding_example_receives_counts_by_callback embed_runs
it the_platform_builds_and_runs_against_the_installed_library trendmart_runs
it nexmark_builds_and_runs_against_the_installed_library nexmark_runs
it_with cmake a_program_links_through_cmake cmake_finds
it_with cmake cmake_refuses_another_version cmake_refuses
it a_program_builds_libflow_as_a_meson_subproject meson_subproject
it_with g++ a_cxx17_program_uses_plain_functions plain_cxx
it the_shared_library_exports_only_flow_names exports_prefixed
it the_static_library_has_no_name_without_our_prefix static_prefixed
it the_shared_library_needs_only_its_own_dependencies needs_little
it "the_stripped_library_is_below_${stripped_max}_bytes" is_small
printf '# stripped: %s bytes\n' "$(stat -c %s "$work/stripped.so" 2>/dev/null)"
printf '1..%d\n' "$number"

# SPDX-License-Identifier: Apache-2.0
# The suites of `./dev test`; read by dev, whose helpers it uses.

# Minutes that a suite may take on two cores, its build included; half an hour in all, with set-up.
declare -A budget=([release]=8 [style]=5 [bare]=2 [asan]=8 [tsan]=9 [fuzz]=4 [slow]=60)
fuzz_seconds=5

# Check's own limit, four seconds a case, is meant for a machine that does nothing else.
export CK_TIMEOUT_MULTIPLIER=10

# Sanitizers stop at the first finding, so that it is the test's own failure.
asan_options=(detect_stack_use_after_return=1 strict_string_checks=1 allocator_may_return_null=1)
ASAN_OPTIONS=$(IFS=: && printf '%s' "${asan_options[*]}")
export ASAN_OPTIONS
export UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1

# run_meson SUITE DIR OPTION…: a build's tests, counted by case. Prints the count.
run_meson() {
    local suite=$1 dir=$2
    shift 2
    export FLOW_CASES=$PWD/$dir/cases-$suite
    rm -rf "$FLOW_CASES"
    mkdir -p "$FLOW_CASES"
    local wrapper=$PWD/tools/check_run.sh output=$PWD/$dir/dev-test-$suite.log
    # In the build folder, which programs given to tests as arguments are named from.
    (cd "$dir" && meson test --no-rebuild --wrapper "$wrapper" --logbase "dev-$suite" "$@") \
        >"$output" 2>&1 </dev/null || true
    local log=$dir/meson-logs/dev-$suite-check_run.sh.json
    if [ -f "$log" ]; then
        python3 tools/tally.py add "$results" "$suite" "$log" "$FLOW_CASES"
    else
        failed_case "$suite" run "no log in $dir; see $dir/dev-test-$suite.log"
    fi
}

failed_case() {
    python3 tools/tally.py one "$results" "$1" "$2" failed 0 "$3"
    say "0 passed, 1 failed ($2: $3)"
}

suite_release() {
    configure build --buildtype=release -Dtests=enabled &&
        build build || { failed_case release build 'see build/dev-*.log'; return; }
    run_meson release build --no-suite style --no-suite slow -t 4
}

suite_style() {
    build build || { failed_case style build 'see build/dev-build.log'; return; }
    run_meson style build --suite style -t 10
}

# Without any library that may be left out.
suite_bare() {
    local programs=(tests/libflow/option/option-test tests/libflow/type/type-test
        tests/runners/core/core_unit tests/runners/local/runners-local-test
        tests/transforms/file/file-test)
    configure build-bare --buildtype=debug -Doptimization=0 --werror -Dtests=enabled \
        -Dbench=false -Dexamples=false -Djson=disabled -Dgzip=disabled -Dzstd=disabled \
        -Dbzip2=disabled -Dsnappy=disabled &&
        build build-bare libs "${programs[@]}" ||
        { failed_case bare build 'see build-bare/dev-*.log'; return; }
    run_meson bare build-bare --suite bare -t 4
}

suite_slow() {
    build build || { failed_case slow build 'see build/dev-build.log'; return; }
    run_meson slow build --suite slow -t 20
}

suite_asan() {
    configure build-asan --buildtype=debugoptimized --werror -Dtests=enabled -Dbench=false \
        -Db_sanitize=address,undefined &&
        build build-asan || { failed_case asan build 'see build-asan/dev-*.log'; return; }
    CK_FORK=no run_meson asan build-asan --no-suite style --no-suite slow -t 12
}

suite_tsan() {
    configure build-tsan --buildtype=debugoptimized --werror -Dtests=enabled -Dbench=false \
        -Dexamples=false -Db_sanitize=thread &&
        build build-tsan || { failed_case tsan build 'see build-tsan/dev-*.log'; return; }
    CK_FORK=no TSAN_OPTIONS=halt_on_error=1:second_deadlock_stack=1 \
        run_meson tsan build-tsan --suite race -t 12
}

build_fuzz() {
    CC=clang configure build-fuzz --buildtype=debugoptimized -Dtests=auto -Dbench=false \
        -Dexamples=false -Dfuzz=true || return 1
    local targets
    mapfile -t targets < <(ninja -C build-fuzz -t targets all |
        sed -n 's/^\(tests\/fuzz\/[^/]*-fuzz\):.*/\1/p')
    [ ${#targets[@]} -gt 0 ] && build build-fuzz "${targets[@]}"
}

# run_fuzz SECONDS [TARGET]: prints a line a target; true when all ran without a finding.
run_fuzz() {
    local seconds=$1 only=$2 target name start seeds status=0
    for target in build-fuzz/tests/fuzz/*-fuzz; do
        name=${target##*/}
        name=${name%-fuzz}
        [ -f "$target" ] && [ -x "$target" ] || continue
        [ -z "$only" ] || [ "$only" = "$name" ] || continue
        mkdir -p "build-fuzz/corpus/$name"
        seeds=tests/fuzz/corpus/$name
        [ -d "$seeds" ] || seeds=
        start=$(now_ms)
        if "$target" -max_total_time="$seconds" -rss_limit_mb=2048 -print_final_stats=1 \
            -artifact_prefix="build-fuzz/found-$name-" "build-fuzz/corpus/$name" $seeds \
            >"build-fuzz/dev-fuzz-$name.log" 2>&1 </dev/null; then
            fuzz_result "$name" passed "$start"
        else
            status=1
            fuzz_result "$name" failed "$start"
        fi
    done
    return $status
}

fuzz_result() {
    local log=build-fuzz/dev-fuzz-$1.log runs
    runs=$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")
    say "fuzz $1: $2 after ${runs:-0} inputs ($log)"
    [ -z "${results:-}" ] ||
        python3 tools/tally.py one "$results" fuzz "$1" "$2" "$(seconds_since "$3")" "see $log"
}

suite_fuzz() {
    build_fuzz || { failed_case fuzz build 'see build-fuzz/dev-*.log'; return; }
    run_fuzz "$fuzz_seconds" '' >build-fuzz/dev-fuzz.log || true
    say "$(grep -c ': passed' build-fuzz/dev-fuzz.log) passed," \
        "$(grep -c ': failed' build-fuzz/dev-fuzz.log) failed"
}

run_tests() {
    local suites=(release style bare asan tsan fuzz) suite start minutes count report=()
    while [ $# -gt 0 ]; do
        case $1 in
        all) suites+=(slow) ;;
        --junit)
            [ $# -ge 2 ] || die 'test --junit wants a file'
            report+=(--junit "$2")
            shift
            ;;
        --tap) report+=(--tap) ;;
        *) die "test takes all, --junit FILE and --tap, not '$1'" ;;
        esac
        shift
    done
    for suite in ${SUITES:-}; do
        declare -F "suite_$suite" >/dev/null || die "there is no suite '$suite': ${!budget[*]}"
    done
    mkdir -p build
    results=$PWD/build/dev-results.jsonl
    : >"$results"
    for suite in ${SUITES:-"${suites[@]}"}; do
        start=$(now_ms)
        count=$("suite_$suite")
        minutes=$(minutes_since "$start")
        printf '%-8s %5s min   %s' "$suite" "$minutes" "$count"
        awk -v m="$minutes" -v b="${budget[$suite]}" 'BEGIN { exit !(m > b) }' &&
            printf '   (over its budget of %s min)' "${budget[$suite]}"
        printf '\n'
    done
    python3 tools/tally.py end "$results" "${report[@]}"
}

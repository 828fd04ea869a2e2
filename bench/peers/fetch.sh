# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# Fetches and builds the peers of bench/peers into .deps/peers and says how each is started. Sourced
# by ./dev, whose functions it uses.

. tools/java.sh

peers_all=(timely duckdb polars flink jet beam_direct beam_flink)
peers_out=$PWD/.deps/peers
peers_threads=2
peers_timely_packages=(cargo-web rustc-web) # Debian's newer Rust

# timely asks for Rust 1.86.
peers_rust_is_new() {
    local version
    version=$(cargo --version 2>/dev/null | awk '{ print $2 }')
    [ -n "$version" ] && printf '1.86.0\n%s\n' "$version" | sort -C -V
}

peers_fetch_timely() {
    peers_rust_is_new || need timely "${peers_timely_packages[@]}" || return 1
    quiet "$peers_out/timely.log" cargo build --release \
        --manifest-path bench/peers/timely/Cargo.toml --target-dir "$peers_out/timely"
}

peers_command_timely() { say "exec '$peers_out/timely/release/peer-timely'"; }

# DuckDB and Polars are wheels in a virtual environment.
peers_fetch_python() {
    local wanted=bench/peers/columns/requirements.txt home=$peers_out/python
    cmp -s "$wanted" "$home/requirements.txt" && return 0
    python3 -c 'import ensurepip, venv' 2>/dev/null || need python python3-venv || return 1
    rm -rf "$home"
    quiet "$peers_out/venv.log" python3 -m venv "$home" &&
        quiet "$peers_out/pip.log" "$home/bin/python" -m pip install -q --no-deps \
            --disable-pip-version-check --only-binary :all: -r "$wanted" &&
        cp "$wanted" "$home/requirements.txt"
}

peers_fetch_duckdb() { peers_fetch_python; }
peers_fetch_polars() { peers_fetch_python; }

peers_command_duckdb() {
    say "exec '$peers_out/python/bin/python' -B bench/peers/columns/duckdb_peer.py"
}

peers_command_polars() {
    say "exec env POLARS_MAX_THREADS=$peers_threads \
        '$peers_out/python/bin/python' -B bench/peers/columns/polars_peer.py"
}

peers_fetch_java() {
    need oracle "${oracle_packages[@]}" || return 1
    java_build "$peers_out/$1-lib" "$peers_out/$1-classes" "bench/peers/$1" bench/peers/java
}

# peers_java NAME MAIN: its command. Large pages and a heap that is there from the start, as the
# engine has them; engines reach into the JDK.
peers_java() {
    local package opens=()
    for package in java.lang java.lang.invoke java.lang.reflect java.nio java.time java.util \
        java.util.concurrent sun.nio.ch; do
        opens+=("--add-opens=java.base/$package=ALL-UNNAMED")
    done
    say "exec java -XX:+UseParallelGC -Xms6g -Xmx6g -XX:+AlwaysPreTouch" \
        "-XX:+UseTransparentHugePages ${opens[*]}" \
        "-cp '$peers_out/$1-classes:$peers_out/$1-lib/*' $2"
}

peers_fetch_flink() { peers_fetch_java flink; }
peers_command_flink() { peers_java flink peer.flink.Main; }

peers_fetch_jet() { peers_fetch_java jet; }
peers_command_jet() { peers_java jet peer.jet.Main; }

peers_fetch_beam_direct() { peers_fetch_java beam; }
peers_fetch_beam_flink() { peers_fetch_java beam; }
peers_command_beam_direct() { peers_java beam 'peer.beam.Main direct'; }
peers_command_beam_flink() { peers_java beam 'peer.beam.Main flink'; }

# Peers that go by one name.
peers_of_word() {
    case $1 in
    beam) printf '%s\n' beam_direct beam_flink ;;
    *) say "$1" ;;
    esac
}

# run_peers [PEER…] [--OPTION VALUE…]: fetches them all before the first is measured.
run_peers() {
    local peer wanted=() arguments=() status=0
    while [ $# -gt 0 ] && [[ $1 != --* ]]; do
        mapfile -t -O ${#wanted[@]} wanted < <(peers_of_word "$1")
        shift
    done
    [ ${#wanted[@]} -gt 0 ] || wanted=("${peers_all[@]}")
    mkdir -p "$peers_out"
    for peer in "${wanted[@]}"; do
        declare -F "peers_command_$peer" >/dev/null ||
            die "there is no peer '$peer'; there are ${peers_all[*]}"
    done
    for peer in "${wanted[@]}"; do
        if "peers_fetch_$peer" 2>"$peers_out/$peer.why"; then
            arguments+=(--peer "$peer=$("peers_command_$peer") 2>>'$peers_out/$peer.err'")
            : >"$peers_out/$peer.err"
        else
            say "failed peer $peer: it cannot be fetched or built; why is in .deps/peers/$peer.why"
            status=1
        fi
    done
    [ ${#arguments[@]} = 0 ] || bench/run.sh build peers "${arguments[@]}" "$@" || status=1
    return $status
}

# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# Fetches and builds the peers of bench/peers into .deps/peers and says how each is started. Sourced
# by ./dev, whose functions it uses.

peers_all=(timely)
peers_out=$PWD/.deps/peers
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

# Peers that go by one name.
peers_of_word() {
    case $1 in
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

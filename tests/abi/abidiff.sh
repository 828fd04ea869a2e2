#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# What changed in the binary interface since a revision: abidiff.sh REVISION, from the top folder.
# Exit status as abidiff's: 0 none, 4 changed, 8 and above incompatible.
set -euo pipefail
revision=$(git rev-parse --verify "$1^{commit}")
top=build-abi
old_source=$top/source-${revision:0:12}

# A build with debug information: abidiff reads the types from it.
library_of() {
    local source=$1 dir=$2
    [ -f "$dir/build.ninja" ] || meson setup "$dir" "$source" --buildtype=debugoptimized \
        -Dtests=disabled -Dbench=false -Dexamples=false -Dyyjson_dir="$PWD/.deps/yyjson" >&2
    ninja -C "$dir" >&2
    printf '%s\n' "$dir/libflow.so"
}

mkdir -p "$top"
[ -d "$old_source" ] || git worktree add --detach "$old_source" "$revision" >&2
trap 'git worktree remove --force "$old_source"' EXIT
new=$(library_of . "$top/new")
old=$(library_of "$old_source" "$top/old-${revision:0:12}")
headers=()
for part in libflow transforms runners; do
    headers+=(--headers-dir1 "$old_source/$part/include" --headers-dir2 "$part/include")
done
status=0
abidiff "${headers[@]}" "$old" "$new" || status=$?
[ "$status" = 0 ] && printf 'abidiff: the binary interface is as it was at %s\n' "$1"
exit "$status"

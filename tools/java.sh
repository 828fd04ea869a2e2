# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# Java with what Maven fetches, without Maven's builds. Sourced.

# java_build LIBRARIES CLASSES FOLDER [FOLDER…]: fetches what FOLDER/pom.xml names, once for each
# pom, and compiles the sources under all of the folders. What Maven says goes to LIBRARIES.log.
java_build() {
    local libraries=$1 classes=$2 pom=$3/pom.xml
    shift 2
    mkdir -p "$classes"
    if ! cmp -s "$pom" "$libraries/pom.xml"; then
        rm -rf "$libraries"
        mkdir -p "$libraries"
        mvn -q -B -f "$pom" dependency:copy-dependencies -DincludeScope=runtime \
            -DoutputDirectory="$libraries" >"$libraries.log" 2>&1 || {
            tail -n 20 "$libraries.log" >&2
            return 1
        }
        cp "$pom" "$libraries/pom.xml"
    fi
    find "$@" -name '*.java' -print0 | xargs -0 javac -nowarn -d "$classes" -cp "$libraries/*"
}

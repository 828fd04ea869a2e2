#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Writes the API reference into a build folder; a warning fails: docs.sh SOURCE BUILD
set -eu
cd "$1"
mkdir -p "$2/docs"
{
    cat docs/doxygen/Doxyfile
    printf 'OUTPUT_DIRECTORY = %s\n' "$2/docs"
} | doxygen -

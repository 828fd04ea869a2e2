#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# meson's test wrapper: Check logs each case into $FLOW_CASES, so that tools/tally.py can count it.
# Under the thread sanitizer it also turns address randomization off, which newer kernels need.
CK_XML_LOG_FILE_NAME=$FLOW_CASES/$(printf '%s\n' "$@" | md5sum | cut -c1-16).xml
export CK_XML_LOG_FILE_NAME
if [ -n "${TSAN_OPTIONS:-}" ] && setarch -R true 2>/dev/null; then
    exec setarch -R "$@"
fi
exec "$@"

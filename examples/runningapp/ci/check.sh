#!/usr/bin/env bash
# Runs a check, and notes in the file PASSED that it passed. What is noted there is what publish.sh
# vouches for, and nothing else:
#   check.sh tests go test ./...
set -euo pipefail

name=$1
shift
"$@"
echo "$name" >> "${PASSED:?is the file in which checks that passed are noted}"

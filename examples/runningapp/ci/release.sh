#!/usr/bin/env bash
# Prints the version of the release that is built: the one whose release.yaml names the commit or,
# for a file cannot hold the id of its own commit, the one that names none.
set -euo pipefail

releases=examples/runningapp/releases
found=$(grep -l "^commit: $RELEASE_COMMIT\$" "$releases"/*/release.yaml || grep -L '^commit:' "$releases"/*/release.yaml || true)
if [ "$(wc -w <<< "$found")" != 1 ]; then
  echo "commit $RELEASE_COMMIT is of no release: name it in one release.yaml of $releases, or leave commit out of one" >&2
  exit 1
fi
basename "$(dirname "$found")"

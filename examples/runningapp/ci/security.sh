#!/usr/bin/env bash
# The check for security: gosec, which reads the code and needs no database. It takes minutes to
# compile, so that a machine with a pipeline of its own runs it only where GOSEC names one that is
# installed. Where it is not run, it is not vouched for.
set -euo pipefail

if [ -n "${PILOTAGE_CATALOG:-}" ] && [ -z "${GOSEC:-}" ]; then
  echo "security: SKIPPED, and not vouched for: GOSEC=gosec runs the gosec that is installed"
  exit
fi
# GOSEC may be a command with arguments.
# shellcheck disable=SC2086
exec examples/runningapp/ci/check.sh security \
  ${GOSEC:-go run github.com/securego/gosec/v2/cmd/gosec@v2.28.0} -quiet ./examples/runningapp/...

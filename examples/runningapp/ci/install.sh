#!/usr/bin/env bash
# Makes the machine of a build ready: PostgreSQL for the tests, and a way into the registry. On a
# machine with a pipeline of its own everything is there.
set -euo pipefail

if [ -n "${PILOTAGE_CATALOG:-}" ]; then
  exit
fi
npm ci --no-audit --no-fund
aws ecr get-login-password | docker login --username AWS --password-stdin "${REPOSITORY_URI%%/*}"

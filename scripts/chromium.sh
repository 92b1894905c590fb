#!/usr/bin/env bash
# Sees to it that there is a Chromium for the tests that decide in a browser. Where none can be
# installed it says so and ends well: those tests are then skipped, loudly.
set -u

for name in chromium chromium-browser google-chrome chrome; do
  command -v "$name" >/dev/null && exit 0
done
skipped() { printf '!!! %s: the tests in a browser will be SKIPPED\n' "$1"; exit 0; }

command -v apt-get >/dev/null || skipped "there is no Chromium, and no apt-get to install it with"
[ "$(id -u)" = 0 ] || skipped "there is no Chromium, and only root may install it (apt-get install chromium)"
echo "==> installing Chromium from Debian for the tests in a browser (a minute or two)"
log=$(mktemp)
if ! { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium; } >"$log" 2>&1; then
  tail -5 "$log"
  skipped "Chromium could not be installed"
fi
rm -f "$log"

#!/usr/bin/env bash
# Builds the release that RELEASE names, such as 1.1.0, and publishes it: on AWS an image into the
# registry REPOSITORY_URI and the bucket PILOTAGE_BUCKET, on one machine a program into the folder
# PILOTAGE_CATALOG. PILOTAGE is the command, where it is installed, PASSED the file in which check.sh has
# noted what was checked.
set -euo pipefail

folder=examples/runningapp/releases/$RELEASE
checks=$(sort -u "${PASSED:?is the file in which checks that passed are noted}")
passed=(--passed build) # it comes as far as to publish only when it was built
for check in $checks; do
  passed+=(--passed "$check")
done
publish() {
  ${PILOTAGE:-go run ./cmd/pilotage} publish "$folder/release.yaml" "$@" "${passed[@]}"
}

if [ -n "${PILOTAGE_CATALOG:-}" ]; then
  built=$(mktemp -d)
  trap 'rm -rf "$built"' EXIT
  go build -trimpath -buildvcs=false -o "$built/running-app" "./$folder"
  publish --program "$built/running-app"
  exit
fi

# The slots run on x86, whatever this runs on. Tags are written once, so that no build can replace the
# image of another.
image=$REPOSITORY_URI:$RELEASE-${CODEBUILD_BUILD_NUMBER:-$GITHUB_RUN_ID}
docker build --platform linux/amd64 -f examples/runningapp/Dockerfile --build-arg "VERSION=$RELEASE" -t "$image" .
docker push "$image"
# What is deployed is the digest: a tag can be moved.
publish --image "$(docker inspect --format '{{index .RepoDigests 0}}' "$image")"

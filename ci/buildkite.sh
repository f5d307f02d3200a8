#!/bin/sh
# A step of Buildkite: checks, and shows the result as an annotation of the build.
#
#   buildkite.sh [arguments of alloclens check]
set -eu
into=$(mktemp -d)
trap 'rm -rf "$into"' EXIT
code=0
alloclens check "$@" --output markdown="$into/alloclens.md" --output junit=alloclens.xml || code=$?
case $code in
0) style=success ;;
1) style=error ;;
*) style=warning ;;
esac
if [ -f "$into/alloclens.md" ]; then
    buildkite-agent annotate --context "alloclens-${BUILDKITE_STEP_ID:-check}" --style "$style" <"$into/alloclens.md"
fi
exit "$code"

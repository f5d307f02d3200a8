#!/bin/sh
# The step of action.yml: checks, annotates the pull request, and writes the summary of the job, SARIF and a Markdown comment.
#
# ALLOCLENS_DIRECTORY, or ALLOCLENS_BASE and ALLOCLENS_HEAD, say what is checked; ALLOCLENS_OPTIONS has further options, divided
# by spaces. ALLOCLENS_NAME tells the check from others of the job, if there are any. The result goes to ALLOCLENS_INTO.
set -eu
mkdir -p "$ALLOCLENS_INTO"
rm -f "$ALLOCLENS_INTO/alloclens.sarif" "$ALLOCLENS_INTO/alloclens.md" # of an earlier run, if this one writes none
set -- ${ALLOCLENS_DIRECTORY:+"$ALLOCLENS_DIRECTORY"} ${ALLOCLENS_BASE:+--base "$ALLOCLENS_BASE"} \
    ${ALLOCLENS_HEAD:+--head "$ALLOCLENS_HEAD"}
if [ -n "${ALLOCLENS_NAME:-}" ]; then
    set -- "$@" --name "$ALLOCLENS_NAME"
fi
set -f # no word of the options is a pattern of file names
code=0
# shellcheck disable=SC2086 # words of options
alloclens check "$@" ${ALLOCLENS_OPTIONS:-} --format github --output sarif="$ALLOCLENS_INTO/alloclens.sarif" \
    --output markdown="$ALLOCLENS_INTO/alloclens.md" || code=$?
if [ -f "$ALLOCLENS_INTO/alloclens.md" ]; then
    cat "$ALLOCLENS_INTO/alloclens.md" >>"${GITHUB_STEP_SUMMARY:-/dev/null}"
fi
echo "exit-code=$code" >>"${GITHUB_OUTPUT:-/dev/null}"
exit "$code"

#!/bin/sh
# Runs Go benchmarks of a base revision and of the working tree, and fails if an operation allocates more than before.
#
#   benchmarks.sh REVISION BENCHMARK PACKAGE DIR [options of alloclens check]
#
# For example: benchmarks.sh origin/main '^BenchmarkDecode$' ./codec profiles --max-growth 5%
# DIR gets the profiles and the outputs of all runs, instead of those of an earlier time. ALLOCLENS_RUNS says how many runs of each side (3), and ALLOCLENS_TIMES
# how many operations each has (1000x): both sides have to run as many. Every allocation is recorded.
set -eu
revision=$1 benchmark=$2 package=$3 code=2 # until the check has run
base=$(mktemp -d)
trap 'git worktree remove --force "$base/tree" 2>/dev/null || true; rm -rf "$base"; exit "$code"' EXIT
mkdir -p "$4"
into=$(cd "$4" && pwd)
shift 4

git worktree add --quiet --detach "$base/tree" "$revision"
here=$(git rev-parse --show-prefix)

run() { # SIDE DIRECTORY
    mkdir -p "$into/$1"
    rm -f "$into/$1"/[0-9]*.pb.gz "$into/$1"/[0-9]*.txt # of an earlier run, which may have been of more
    for number in $(seq "${ALLOCLENS_RUNS:-3}"); do
        (cd "$2" && go test -trimpath -o "$base/program" -run '^$' -bench "$benchmark" \
            -benchtime "${ALLOCLENS_TIMES:-1000x}" -memprofilerate 1 -memprofile "$into/$1/$number.pb.gz" "$package") >"$into/$1/$number.txt" || {
            cat "$into/$1/$number.txt" >&2
            exit 2
        }
    done
}

run base "$base/tree/$here"
run head .
code=0
alloclens check --base "$into/base" --head "$into/head" --alloc "$@" || code=$?

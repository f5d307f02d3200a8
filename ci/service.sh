#!/bin/sh
# Starts a service, puts load on it, and fails if it then holds more memory than before.
#
#   service.sh URL DIR 'START' 'LOAD' [options of alloclens check]
#
# URL is where the service listens; it has net/http/pprof. DIR gets the profiles, instead of those of an earlier run, in the directories
# idle, load and after-load. START and LOAD are commands of the shell: START runs until it is killed, LOAD ends by itself. LOAD runs once before the first
# profile, so that what a service creates once is there, then once more while the second one is taken.
set -eu
url=$1 into=$2 start=$3 load=$4
shift 4

fail() {
    echo "service.sh: $1" >&2
    exit 2
}

capture() {
    alloclens capture "$url/debug/pprof/heap?gc=1" --into "$into/$1"
}

is_running() {
    kill -0 "$service" 2>/dev/null || fail "what START started has ended: $start"
}

mkdir -p "$into"
for folder in start idle load after-load; do
    rm -f "$into/$folder"/heap-*.pb.gz # of an earlier run: they would count as more runs of this one
done
if capture start >/dev/null 2>&1; then
    fail "another process answers at $url; end it first"
fi
code=2 # until the check has run
if command -v setsid >/dev/null; then # a process group of its own, so that all that START starts can be ended
    setsid sh -c "$start" &
else
    set -m
    sh -c "$start" &
    set +m
fi
service=$!
trap 'kill -- "-$service" 2>/dev/null || true; exit "$code"' EXIT
trap exit HUP INT TERM

tries=0
until capture start 2>"$into.log"; do
    is_running
    tries=$((tries + 1))
    if [ "$tries" -ge "${ALLOCLENS_TRIES:-30}" ]; then
        cat "$into.log" >&2
        exit 2
    fi
    sleep 1
done

sh -c "$load" || fail "LOAD failed: $load"
capture idle
sh -c "$load" &
loading=$!
capture load
wait "$loading" || fail "LOAD failed: $load"
capture after-load
is_running
code=0
alloclens check --base "$into/idle" --head "$into/after-load" "$@" || code=$?

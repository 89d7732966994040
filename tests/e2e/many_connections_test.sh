#!/usr/bin/env bash
# Ten thousand connections that idle in every phase hold nobody else up, and leave nothing behind.
source "$(dirname "$0")/lib/scenario.sh"
source "$LIB/server.sh"

require_command python3
count=10000
bound=64 # MiB for all of them
hard=$(ulimit -Hn)
needed=$((count * 5 / 4 + 1000)) # an upload has a file besides
[[ $hard == unlimited ]] || ((hard >= needed)) || skip "needs $needed open files in one process, and the limit is $hard"
ulimit -n "$hard"

# None of them is to be given up while the others are still being opened, however slow the build under test is.
export SHALE_TIMEOUTS__IDLE=1h SHALE_TIMEOUTS__HEAD=1h SHALE_TIMEOUTS__BODY_PROGRESS=1h
start_server

it "serves others while $count connections idle, then serves those"
grown=$(python3 "$LIB/many_connections.py" "$REGISTRY" "$SERVER_PID" "$count")
echo "        resident memory grew by $((grown / 1024)) MiB"
if is_sanitized; then
  echo "        NOT SHOWN: the bound on memory (a sanitized build)"
else
  expect_less "growth in KiB" "$grown" $((bound * 1024))
fi

it "keeps nothing of those that vanished within an upload"
expect_equal "files of uploads" 0 "$(find "$DATA" -path "*/uploads/*" -type f | wc -l)"

stop_server

#!/usr/bin/env bash
# A thousand idle connections cost the server a few KiB each, and all of them still work.
source "$(dirname "$0")/lib/scenario.sh"
source "$LIB/server.sh"

require_command python3
start_server
count=1000
bound=10240  # KiB for all of them

it "holds $count idle connections in less than $bound KiB"
grown=$(python3 "$LIB/idle_connections.py" "$REGISTRY" "$SERVER_PID" "$count")
echo "        resident memory grew by $grown KiB"
if is_sanitized; then
  echo "        NOT SHOWN: the bound on memory (a sanitized build)"
else
  expect_less "growth in KiB" "$grown" "$bound"
fi

stop_server

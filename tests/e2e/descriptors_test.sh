#!/usr/bin/env bash
# A process that may open few files: connections are turned away, and the metadata never goes without.
source "$(dirname "$0")/lib/scenario.sh"
source "$LIB/server.sh"

require_command python3 curl
command -v prlimit >/dev/null || skip "prlimit is not installed"

it "does not start where it could serve nobody, and says why"
status=0
prlimit --nofile=256:256 -- "$BINARY" serve --listen 127.0.0.1:0 --data-dir "$WORK/few" >few.log 2>&1 || status=$?
expect_equal "exit status" 1 "$status"
expect_match "its words" 'LimitNOFILE' "$(cat few.log)"

SERVER_PREFIX=(prlimit --nofile=600:600 --)
start_server

it "answers those above its limit with 503, and takes pushes again as soon as they are gone"
python3 "$LIB/descriptors.py" "$REGISTRY" 700

it "has lost nothing after a restart"
restart_server
tags=$(registry_tags app)
expect_equal "tags" "after before" "$tags"
stop_server

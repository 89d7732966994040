#!/usr/bin/env bash
# What no honest client sends gets the documented answer, and the server serves on.
source "$(dirname "$0")/lib/scenario.sh"
source "$LIB/server.sh"

require_command python3
start_server

it "refuses path tricks, JSON bombs, wrong digests and the like, each with its own answer"
python3 "$LIB/bad_input.py" "$REGISTRY"

it "has kept none of it"
request GET /v2/_catalog
expect_equal "repositories" '["bad/input"]' "$(jq -c .repositories "$WORK/body")"
request GET /v2/bad/input/tags/list
expect_equal "tags" '[]' "$(jq -c .tags "$WORK/body")"

it "has used no more memory than honest clients would have made it use"
expect_peak_rss_below 64

stop_server

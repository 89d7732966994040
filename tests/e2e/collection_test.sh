#!/usr/bin/env bash
# Space comes back when it is free: after a delete, after kill -9 in the middle, and never what somebody still needs.
source "$(dirname "$0")/lib/scenario.sh"
source "$LIB/server.sh"
source "$LIB/images.sh"
source "$LIB/skopeo.sh"

require_command skopeo jq
prepare_layout

start_server --storage.history 0s
gc() { "$BINARY" gc "$@" --data-dir "$DATA"; }
blob_bytes() { find "$DATA/blobs" -type f -printf '%s\n' | awk '{ all += $1 } END { print all + 0 }'; }
delete() { request DELETE "/v2/$1/manifests/$2"; expect_status 202; }

push base team/one:1
one=$(layout_digest base)
small=$(blob_bytes)
push app-one team/two:1
two=$(layout_digest app-one)
both=$(blob_bytes)
((both > small && small > 0)) || fail "two images take $both bytes, one takes $small"

it "keeps what a client could be about to name, for its lease"
delete team/two "$two"
gc run >/dev/null
expect_equal "bytes" "$both" "$(blob_bytes)"

it "frees it at once when the operator says so, and what others share stays"
said=$(gc run --now)
expect_match "the words" "^freed [1-9][0-9]* blobs, [1-9][0-9]* bytes" "$said"
expect_equal "bytes" "$small" "$(blob_bytes)"
pull team/one:1
expect_equal "since the start" "${said#freed }" "$(gc status | sed 's/^freed since the start: //')"

it "says nothing was freed when there is nothing"
expect_equal "blobs" 0 "$(gc run --now --output json | jq .blobs)"

it "takes the same image again"
push app-one team/two:1
pull team/two:1
expect_equal "bytes" "$both" "$(blob_bytes)"

it "frees by itself when the lease has ended"
stop_daemon server
start_server --storage.history 0s --storage.lease 0s
delete team/two "$two"
for ((i = 0; i < 100; ++i)); do
  (($(blob_bytes) == small)) && break
  sleep 0.1
done
expect_equal "bytes" "$small" "$(blob_bytes)"

it "finishes after kill -9 what it had begun"
restart_server --storage.history 0s --storage.lease 5s  # a push is not done in one step
push app-one team/two:1
delete team/two "$two"
kill -KILL "$SERVER_PID"
stop_daemon server
start_server --storage.history 0s --storage.lease 5s
for ((i = 0; i < 100; ++i)); do
  (($(blob_bytes) == small)) && break
  sleep 0.1
done
expect_equal "bytes" "$small" "$(blob_bytes)"
pull team/one:1

it "leaves nothing when the last image goes"
delete team/one "$one"
gc run --now >/dev/null
expect_equal "bytes" 0 "$(blob_bytes)"

it "tells who asks without a server what to do"
stop_daemon server
expect_failure gc run
expect_match "the words" "shale serve" "$OUTPUT"

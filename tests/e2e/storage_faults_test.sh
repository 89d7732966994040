#!/usr/bin/env bash
# A disk that is full or no longer writable: pushes are refused in words, pulls go on, nothing is lost or half there.
source "$(dirname "$0")/lib/scenario.sh"
source "$LIB/server.sh"

require_root "mounting a small disk"
require_command curl jq
mkdir -p "$DATA"
mount -t tmpfs -o size=96m tmpfs "$DATA" 2>/dev/null || skip "a tmpfs cannot be mounted here"
start_server --storage.reserve 32MiB
cd "$WORK"
repo=/v2/team/app

# Puts a file as a blob in one request; the status is in $STATUS.
put_blob() { request POST "$repo/blobs/uploads/?digest=sha256:$(sha256_of "$1")" -H 'Content-Type: application/octet-stream' --data-binary "@$1"; }
get_blob() {
  request GET "$repo/blobs/sha256:$(sha256_of "$1")"
  expect_status 200
  cmp "$1" body
}
put_manifest() {
  printf '{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json","config":%s,"layers":[%s]}' \
    "$(descriptor small)" "$(descriptor kept)" >manifest
  request PUT "$repo/manifests/$1" -H 'Content-Type: application/vnd.oci.image.manifest.v1+json' --data-binary @manifest
}
descriptor() { printf '{"mediaType":"application/octet-stream","digest":"sha256:%s","size":%d}' "$(sha256_of "$1")" "$(stat -c %s "$1")"; }
expect_refusal() {
  [[ $STATUS == 507 || $STATUS == 503 ]] || fail "expected 507 or 503, got $STATUS: $(head -c 300 body)"
  [[ -n $(header x-request-id) ]] || fail "the refusal has no request id"
  expect_match "its words" '.' "$(jq -r '.errors[0].message' body)"
}

head -c 10000000 /dev/urandom >kept
echo '{}' >small
head -c 80000000 /dev/urandom >too-large
put_blob kept
expect_status 201
put_blob small
expect_status 201
put_manifest before
expect_status 201

it "refuses an upload that would take the disk's reserve, whole or in the middle, in words"
put_blob too-large
expect_refusal
request POST "$repo/blobs/uploads/" -H 'Content-Length: 0'
expect_status 202
upload=$(header location)
request PATCH "$upload" -H 'Content-Type: application/octet-stream' -H 'Transfer-Encoding: chunked' --data-binary @too-large
expect_refusal
echo "        $(jq -r '.errors[0].message' body)"
request GET "$repo/blobs/sha256:$(sha256_of too-large)"
expect_status 404

it "goes on serving and deleting while the disk is full"
get_blob kept
request GET "$repo/tags/list"
expect_equal "tags" '["before"]' "$(jq -c .tags body)"
request DELETE "$repo/manifests/before"
expect_status 202

it "takes uploads again once there is room, without a restart"
uploads_dropped() { (($(du -sm "$DATA" | cut -f1) < 40)); }
head -c 1000000 /dev/urandom >other
# What arrived of it is the client's to continue, or to cancel.
request DELETE "$upload"
expect_status 204
wait_until 60 "room after the refused upload was cancelled" uploads_dropped
put_blob other
expect_status 201
put_manifest after
expect_status 201

it "has lost nothing after a restart"
restart_server --storage.reserve 32MiB
expect_after_the_faults() {
  request GET "$repo/tags/list"
  expect_equal "tags" '["after"]' "$(jq -c .tags body)"
  get_blob kept
  get_blob other
}
expect_after_the_faults
stop_server

it "refuses uploads where it may not write, and serves on"
# As another user than root, whom permissions do not bind.
chmod 711 "$WORK"
chown -R nobody "$DATA"
cp "$BINARY" "$WORK/shale"
SERVER_PREFIX=(setpriv --reuid nobody --clear-groups --pdeathsig TERM --)
BINARY=$WORK/shale start_server --storage.reserve 1MiB
chmod -R a-w "$DATA"
head -c 1000000 /dev/urandom >late
put_blob late
((STATUS >= 500)) || fail "an upload without permission to write got $STATUS"
[[ -n $(header x-request-id) ]] || fail "the refusal has no request id"
expect_after_the_faults

it "takes uploads again once it may write, without a restart"
chmod -R u+w "$DATA"
put_blob late
expect_status 201
get_blob late
stop_server

it "refuses to start where it may not write, and says where"
chmod -R a-w "$DATA"
status=0
timeout 20 "${SERVER_PREFIX[@]}" "$WORK/shale" serve --listen 127.0.0.1:0 --data-dir "$DATA" >refused.log 2>&1 || status=$?
((status != 0 && status != 124)) || fail "the server ended with status $status"
expect_match "its words" "$DATA" "$(cat refused.log)"

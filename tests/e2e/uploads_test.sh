#!/usr/bin/env bash
# Every shape of blob upload, spoken by curl: whole, chunked, streamed, resumed, interrupted, refused.
source "$(dirname "$0")/lib/scenario.sh"
source "$LIB/server.sh"

require_command curl jq
start_server
cd "$WORK"
repo=/v2/team/app

head -c 5000000 /dev/urandom >blob
split -b 2000000 -d blob part.  # part.00, part.01 and the shorter part.02
digest=sha256:$(sha256_of blob)
octets=(-H 'Content-Type: application/octet-stream' -H 'Expect:')

# Begins an upload in a repository and leaves its absolute URL in $UPLOAD.
begin_upload() {
  request POST "$repo/blobs/uploads/" -H 'Content-Length: 0'
  expect_status 202
  follow_location
}
# Location may be relative, and has to be taken anew from every answer.
follow_location() {
  UPLOAD=$(header location)
  [[ $UPLOAD == /* ]] && UPLOAD=http://$REGISTRY$UPLOAD
  [[ $UPLOAD == http* ]] || fail "not a usable Location: $UPLOAD"
}
with_digest() { if [[ $UPLOAD == *\?* ]]; then echo "$UPLOAD&digest=$1"; else echo "$UPLOAD?digest=$1"; fi; }
send_chunk() {  # FILE FIRST-BYTE
  local last=$(($2 + $(stat -c %s "$1") - 1))
  request PATCH "$UPLOAD" "${octets[@]}" -H "Content-Range: $2-$last" --data-binary "@$1"
}
finish() {  # DIGEST
  request PUT "$(with_digest "$1")" -H 'Content-Length: 0'
}
expect_blob() {  # DIGEST FILE
  request GET "$repo/blobs/$1"
  expect_status 200
  cmp "$2" body
}

it "takes a whole blob in one POST, and serves it at the Location it answers"
request POST "$repo/blobs/uploads/?digest=$digest" "${octets[@]}" --data-binary @blob
expect_status 201
follow_location
request GET "$UPLOAD"
expect_status 200
cmp blob body

it "takes a whole blob by POST and PUT, whatever its Content-Type says"
echo first >small
begin_upload
request PUT "$(with_digest "sha256:$(sha256_of small)")" -H 'Content-Type: application/x-www-form-urlencoded' --data-binary @small
expect_status 201
expect_blob "sha256:$(sha256_of small)" small

it "takes chunks in order, and tells how far it is"
begin_upload
first_location=$UPLOAD
send_chunk part.00 0
expect_status 202
expect_equal "range" 0-1999999 "$(header range)"
follow_location
send_chunk part.01 2000000
expect_status 202
follow_location
request GET "$UPLOAD"
expect_status 204
expect_equal "range" 0-3999999 "$(header range)"

it "refuses a chunk that skips ahead or comes twice with 416, and keeps the upload"
send_chunk part.02 4500000
expect_status 416
send_chunk part.00 0
expect_status 416
request GET "$UPLOAD"
expect_status 204
expect_equal "range" 0-3999999 "$(header range)"

it "knows an upload by the first Location it gave, too"
request GET "$first_location"
expect_status 204
expect_equal "range" 0-3999999 "$(header range)"

it "goes on with an upload after the server was restarted"
restart_server
request GET "$UPLOAD"
expect_status 204
expect_equal "range" 0-3999999 "$(header range)"
send_chunk part.02 4000000
expect_status 202
follow_location
finish "$digest"
expect_status 201
expect_equal "digest" "$digest" "$(header docker-content-digest)"
expect_blob "$digest" blob

it "goes on with an upload whose client was cut off in the middle"
head -c 20000000 /dev/urandom >large
begin_upload
start_daemon sender curl -sS --limit-rate 10M -X PATCH -T large -H 'Expect:' -H 'Content-Type: application/octet-stream' "$UPLOAD"
some_arrived() { (($(du -sb "$DATA" | cut -f1) > 9000000)); }
wait_until 60 "some of the upload to arrive" some_arrived
stop_daemon sender
# The server may not know yet that the sender is gone, and may still write what came last.
go_on() {
  request GET "$UPLOAD"
  [[ $STATUS == 204 ]] || return 1
  received=$(($(header range | cut -d- -f2) + 1))
  tail -c +$((received + 1)) large >rest
  send_chunk rest "$received"
  [[ $STATUS == 202 ]]
}
wait_until 60 "the cut-off upload to be given back" go_on
((received > 1000000 && received < 20000000)) || fail "odd number of bytes received: $received"
follow_location
finish "sha256:$(sha256_of large)"
expect_status 201
expect_blob "sha256:$(sha256_of large)" large

it "goes on with an upload that a restart of the server cut off in the middle of a request"
restart_server --timeouts.drain 0s
head -c 20000000 /dev/urandom >large
begin_upload
id=${UPLOAD%%\?*} id=${id##*/}
start_daemon sender curl -sS --limit-rate 5M -X PATCH -T large -H 'Expect:' -H 'Content-Type: application/octet-stream' "$UPLOAD"
megabytes_arrived() { (($(stat -c %s "$DATA/uploads/$id") > 3000000)); }
wait_until 60 "some of the upload to arrive" megabytes_arrived
restart_server
grep "\"method\":\"PATCH\".*/$id\"" "$SERVER_LOG" | grep -q '"cut_off":true' || fail "the upload was not under way any more"
stop_daemon sender
go_on || fail "the upload was not given back: $STATUS"
((received > 3000000 && received < 20000000)) || fail "odd number of bytes received: $received"
follow_location
finish "sha256:$(sha256_of large)"
expect_status 201
expect_blob "sha256:$(sha256_of large)" large

it "takes a stream of unknown length, and sha512"
begin_upload
request PATCH "$UPLOAD" "${octets[@]}" -H 'Transfer-Encoding: chunked' --data-binary @blob
expect_status 202
follow_location
wide=sha512:$(sha512sum blob | cut -d' ' -f1)
finish "$wide"
expect_status 201
expect_blob "$wide" blob

it "says 100 Continue at once, before curl gives up waiting and sends anyway"
begin_upload
request PUT "$(with_digest "$digest")" -H 'Expect: 100-continue' --expect100-timeout 30 --max-time 20 --data-binary @blob
expect_status 201
expect_match "the answers" '100 Continue' "$(cat head)"

it "refuses what it will not take before the body is sent"
before=$SECONDS
request PUT "$repo/blobs/uploads/no-such-upload?digest=$digest" -H 'Expect: 100-continue' --expect100-timeout 30 --data-binary @large
expect_status 404
expect_less "seconds" $((SECONDS - before)) 20
expect_equal "code" BLOB_UPLOAD_UNKNOWN "$(jq -r '.errors[0].code' body)"

it "refuses content that does not match its digest, and serves it under neither name"
wrong=sha256:$(printf '%064d' 7)
begin_upload
request PUT "$(with_digest "$wrong")" "${octets[@]}" --data-binary @part.00
expect_status 400
expect_equal "code" DIGEST_INVALID "$(jq -r '.errors[0].code' body)"
for name in "$wrong" "sha256:$(sha256_of part.00)"; do
  request GET "$repo/blobs/$name"
  expect_status 404
done

it "forgets a cancelled upload"
begin_upload
send_chunk part.00 0
follow_location
request DELETE "$UPLOAD" -H 'Content-Length: 0'
expect_status 204
request GET "$UPLOAD"
expect_status 404

it "mounts a blob from another repository, and from nowhere in particular"
request POST "/v2/team/second/blobs/uploads/?mount=$digest&from=team%2Fapp" -H 'Content-Length: 0'
expect_status 201
request GET "/v2/team/second/blobs/$digest"
expect_status 200
request POST "/v2/team/third/blobs/uploads/?mount=$digest" -H 'Content-Length: 0'
expect_status 201

it "shows a blob only in repositories that have it"
request GET "/v2/team/fourth/blobs/$digest"
expect_status 404

stop_server

#!/usr/bin/env bash
# What curl sees of a server that answers as a web server should: ranges, caching, paging, errors, locking, logs.
source "$(dirname "$0")/lib/scenario.sh"
source "$LIB/server.sh"

require_command curl jq
start_server
cd "$WORK"
repo=/v2/team/app

# One image of one layer, pushed by hand under the given tags.
push_blob() {  # FILE
  request POST "$repo/blobs/uploads/?digest=sha256:$(sha256_of "$1")" -H 'Content-Type: application/octet-stream' --data-binary "@$1"
  expect_status 201
}
push_manifest() {  # FILE TAG
  request PUT "$repo/manifests/$2" -H 'Content-Type: application/vnd.oci.image.manifest.v1+json' --data-binary "@$1"
  expect_status 201
}
slice() { dd if="$1" iflag=skip_bytes,count_bytes skip="$2" count="$3" status=none; }  # FILE OFFSET LENGTH
descriptor() { printf '{"mediaType":"%s","digest":"sha256:%s","size":%d}' "$2" "$(sha256_of "$1")" "$(stat -c %s "$1")"; }

head -c 3000000 /dev/urandom >layer
echo '{"architecture":"amd64","os":"linux","rootfs":{"type":"layers","diff_ids":[]}}' >config
printf '{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json","config":%s,"layers":[%s]}' \
  "$(descriptor config application/vnd.oci.image.config.v1+json)" \
  "$(descriptor layer application/vnd.oci.image.layer.v1.tar)" >manifest
push_blob layer
push_blob config
for tag in a b c d e; do push_manifest manifest $tag; done
blob=$repo/blobs/sha256:$(sha256_of layer)

it "names the API version on every answer, errors included"
for path in /v2/ /v2 "$blob" "$repo/manifests/none" /v2/team/none/tags/list; do
  request GET "$path"
  expect_equal "API version of $path" registry/2.0 "$(header docker-distribution-api-version)"
done

it "serves the part of a blob that a range asks for"
request GET "$blob" -r 1000-1999
expect_status 206
expect_equal "content range" "bytes 1000-1999/3000000" "$(header content-range)"
cmp body <(slice layer 1000 1000)
request GET "$blob" -r -500
expect_status 206
cmp body <(tail -c 500 layer)
request GET "$blob" -r 2999990-5000000
expect_status 206
cmp body <(tail -c 10 layer)

it "says 416 to a range outside the blob, and how large the blob is"
request GET "$blob" -r 3000000-
expect_status 416
expect_equal "content range" "bytes */3000000" "$(header content-range)"

it "lets curl resume a download that broke off"
head -c 1234567 layer >resumed
curl -sS --max-time 60 -C - -o resumed "http://$REGISTRY$blob"
cmp layer resumed

it "serves several ranges whole or as multipart, never as one wrong part"
request GET "$blob" -r 0-9,100-109
if [[ $STATUS == 206 ]]; then
  expect_match "content type" '^multipart/byteranges' "$(header content-type)"
else
  expect_status 200
  cmp layer body
fi

it "answers 304 to a client that has the manifest or the blob already"
for path in "$repo/manifests/a" "$blob"; do
  request GET "$path"
  expect_status 200
  etag=$(header etag)
  expect_match "ETag of $path" '^"sha256:[0-9a-f]{64}"$' "$etag"
  request GET "$path" -H "If-None-Match: $etag"
  expect_status 304
  expect_equal "bytes of body" 0 "$(stat -c %s body)"
  request GET "$path" -H 'If-None-Match: "other"'
  expect_status 200
done

it "answers HEAD with the headers of GET and no body"
for path in "$repo/manifests/a" "$blob"; do
  request GET "$path"
  expected="$(header content-length) $(header docker-content-digest) $(header content-type)"
  request HEAD "$path"
  expect_equal "headers of $path" "$expected" "$(header content-length) $(header docker-content-digest) $(header content-type)"
done

it "pages through tags by the Link it gives"
request GET "$repo/tags/list?n=2"
expect_equal "first page" '["a","b"]' "$(jq -c .tags body)"
next=$(sed -n 's/^<\(.*\)>; rel="next".*/\1/p' <<<"$(header link)")
request GET "$next"
expect_equal "second page" '["c","d"]' "$(jq -c .tags body)"
next=$(sed -n 's/^<\(.*\)>; rel="next".*/\1/p' <<<"$(header link)")
request GET "$next"
expect_equal "last page" '["e"]' "$(jq -c .tags body)"
expect_equal "link of the last page" "" "$(header link)"

it "gives every error an OCI body and a request id, which the log has too"
request GET "$repo/manifests/none" -H 'X-Request-Id: chosen-by-the-client'
expect_status 404
expect_equal "content type" application/json "$(header content-type)"
expect_equal "code" MANIFEST_UNKNOWN "$(jq -r '.errors[0].code' body)"
id=$(header x-request-id)
[[ -n $id ]] || fail "no request id"
in_log() { grep -qF -- "$id" "$SERVER_LOG"; }
wait_until 60 "the request id in the log" in_log

it "logs one JSON object per line where it does not write to a terminal"
jq -e . "$SERVER_LOG" >/dev/null

it "refuses a second server on the same data directory, and says why"
status=0
timeout 20 "$BINARY" serve --listen 127.0.0.1:0 --data-dir "$DATA" >second.log 2>&1 || status=$?
((status != 0 && status != 124)) || fail "the second server ended with status $status: $(cat second.log)"
expect_match "its words" 'in use|another|already|locked' "$(cat second.log)"
request GET /v2/
expect_status 200

it "refuses a port that is taken, and says which"
status=0
timeout 20 "$BINARY" serve --listen "$REGISTRY" --data-dir "$WORK/other" >second.log 2>&1 || status=$?
((status != 0 && status != 124)) || fail "the second server ended with status $status: $(cat second.log)"
expect_match "its words" "$REGISTRY" "$(cat second.log)"

it "finishes a download that is under way when it is told to stop"
start_daemon download curl -sS --limit-rate 2M --max-time 60 -o drained "http://$REGISTRY$blob"
download_began() { [[ -s drained ]]; }
wait_until 60 "the download to begin" download_began
stop_server
wait_until 60 "the download to end" daemon_ended download
cmp layer drained

it "serves after a restart what it served before"
start_server
request GET "$repo/manifests/e"
expect_status 200
cmp manifest body
request GET "$blob"
cmp layer body

stop_server

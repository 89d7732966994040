#!/usr/bin/env bash
# Damage is found before a client finds it, told in words, healed by the next push; and the store is proved offline.
source "$(dirname "$0")/lib/scenario.sh"
source "$LIB/server.sh"
source "$LIB/images.sh"
source "$LIB/skopeo.sh"

require_command skopeo jq
prepare_layout

start_server --storage.scrub_rate 0
scrub() { "$BINARY" scrub "$@" --data-dir "$DATA"; }
fsck() { "$BINARY" fsck --data-dir "$DATA" --storage.lease 0s "$@"; }
kill_server() {
  kill -KILL "$SERVER_PID"
  stop_daemon server
}
flip() {  # FILE   another byte in its middle
  chmod u+w "$1"
  local at=$(($(stat -c %s "$1") / 2))
  local now
  now=$(dd if="$1" bs=1 skip="$at" count=1 2>/dev/null | od -An -tu1)
  printf "\\x$(printf %x $((now ^ 255)))" | dd of="$1" bs=1 seek="$at" conv=notrunc 2>/dev/null
}

push base team/one:1
push app-one team/two:1
layer=$(find "$DATA/blobs" -type f -printf '%s %p\n' | sort -n | tail -1 | cut -d' ' -f2)
digest=sha256:$(basename "$layer")

it "finds nothing where all is well"
said=$(scrub run --wait)
expect_match "the words" "all is well" "$said"
expect_failure fsck
expect_match "the words" "a server is running" "$OUTPUT"

it "finds a byte that flipped, at a rate, and says so"
flip "$layer"
expect_failure scrub run --wait --rate 1GiB/s
expect_match "the words" "$digest is damaged" "$OUTPUT"
expect_equal "set aside" 1 "$(scrub status --output json | jq .quarantined)"
[[ -e $DATA/quarantine/sha256/${digest#sha256:} && ! -e $layer ]] || fail "it was not set aside"

it "tells a client what is wrong and what to do"
request GET "/v2/team/one/blobs/$digest"
expect_status 404
expect_match "the words" "BLOB_UNKNOWN.*set aside on .*push the blob again" "$(cat "$WORK/body")"
request HEAD "/v2/team/one/blobs/$digest"
expect_status 404
expect_failure pull team/one:1
manifest=$(layout_digest base)
skopeo inspect --raw "oci:$LAYOUT:base" >"$WORK/manifest"
request PUT "/v2/team/one/manifests/again" -H 'Content-Type: application/vnd.oci.image.manifest.v1+json' \
  --data-binary "@$WORK/manifest"
expect_status 400
expect_match "the words" "MANIFEST_BLOB_UNKNOWN.*set aside" "$(cat "$WORK/body")"

it "knows of it after kill -9 too"
kill_server
start_server --storage.scrub_rate 0
request HEAD "/v2/team/one/blobs/$digest"
expect_status 404

it "is healed by a push of the same image, anywhere"
push base team/three:1
pull team/one:1
pull team/two:1
expect_equal "set aside" 0 "$(scrub status --output json | jq .quarantined)"
expect_match "the words" "all is well" "$(scrub run --wait)"

it "notices in a pull that a file is gone"
rm -f "$layer"
request GET "/v2/team/one/blobs/$digest"
expect_status 404
expect_match "the words" "push the blob again" "$(cat "$WORK/body")"
expect_equal "counted" 1 "$(scrub status --output json | jq .lost_on_read)"
push base team/three:1
pull team/one:1

it "ends a scrub promptly when the server stops, and one that is killed leaves nothing half done"
scrub run --rate 1KiB/s >/dev/null
expect_failure scrub run
expect_match "the words" "running" "$OUTPUT"
before=$SECONDS
stop_server
((SECONDS - before < 15)) || fail "the stop took $((SECONDS - before)) seconds"
start_server --storage.scrub_rate 0
flip "$layer"
scrub run >/dev/null
kill_server
start_server --storage.scrub_rate 0
scrub run --wait >/dev/null || true
push base team/three:1
expect_match "the words" "all is well" "$(scrub run --wait)"

it "proves a store in one line"
stop_server
said=$(fsck)
expect_match "the proof" "^proved: [0-9]+ blobs \([0-9.]+ [a-zA-Z]+\) and [0-9]+ manifests in 3 repositories match their digests; edges, links and counters agree; sequence [0-9]+$" "$said"
expect_match "the proof" "have their sizes" "$(fsck --quick)"
expect_equal "the proof, for programs" "true $said" "$(fsck --output json | jq -r '"\(.proved) \(.proof)"')"

it "says offline what is wrong, and changes nothing until it is told to"
flip "$layer"
expect_failure fsck
expect_failure fsck --output json
expect_match "the finding, for programs" '"proved": false' "$OUTPUT"
expect_failure fsck
expect_match "the words" "$digest is damaged" "$OUTPUT"
expect_match "the words" "not proved: 1 finding" "$OUTPUT"
[[ -e $layer ]] || fail "fsck moved a file"
expect_failure fsck --repair
expect_match "the words" "until it is pushed again" "$OUTPUT"
[[ ! -e $layer ]] || fail "fsck --repair left the damaged file"

it "removes what nothing refers to, and sets aside what is lost"
other=$(find "$DATA/blobs" -type f | head -1)
rm -f "$other"
orphan=$(printf 'orphan' | sha256sum | cut -d' ' -f1)
mkdir -p "$DATA/blobs/sha256/${orphan:0:2}"
printf 'orphan' >"$DATA/blobs/sha256/${orphan:0:2}/$orphan"
expect_failure fsck --repair
[[ ! -e $DATA/blobs/sha256/${orphan:0:2}/$orphan ]] || fail "the orphan is there still"

it "is whole again after the pushes, and proves it"
start_server --storage.scrub_rate 0
push base team/three:1
push app-one team/three:2
pull team/one:1
pull team/two:1
stop_server
expect_match "the proof" "^proved: " "$(fsck --repair)"
expect_match "the proof" "^proved: " "$(fsck)"

it "can be killed in a repair, and the next one ends it"
for delay in 0.01 0.03 0.06; do
  flip "$layer"
  timeout -s KILL "$delay" "$BINARY" fsck --repair --data-dir "$DATA" >/dev/null 2>&1 || true
  fsck --repair >/dev/null 2>&1 || true
  start_server --storage.scrub_rate 0
  push base team/three:1
  pull team/one:1
  stop_server
  expect_match "the proof" "^proved: " "$(fsck)"
done

it "proves a store that never had anything"
start_daemon fresh "$BINARY" serve --listen "127.0.0.1:$(free_port)" --data-dir "$WORK/fresh"
wait_until 20 "it to serve" grep -q '"msg":"listening"' "$LOGS/fresh.log"
stop_daemon fresh 30
expect_match "the proof" "^proved: 0 blobs" "$("$BINARY" fsck --data-dir "$WORK/fresh")"

it "makes no store where there is none"
expect_failure "$BINARY" fsck --data-dir "$WORK/nothing"
expect_match "the words" "there is no store" "$OUTPUT"
[[ ! -e $WORK/nothing ]] || fail "fsck made a directory"

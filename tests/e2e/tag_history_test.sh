#!/usr/bin/env bash
# Tags with a past: what a tag named and when, pulls as of a time, the way back, and moves that nobody else may win.
source "$(dirname "$0")/lib/scenario.sh"
source "$LIB/server.sh"
source "$LIB/images.sh"
source "$LIB/skopeo.sh"

require_command skopeo jq
prepare_layout

start_server
tag() { "$BINARY" tag "$@" --data-dir "$DATA"; }
one=$(layout_digest app-one)
two=$(layout_digest app-two)

it "knows every move of a tag, with both ends"
push app-one team/app:latest
push app-two team/app:latest
expect_equal "moves" "$one $two,null $one" \
  "$(tag history team/app:latest --output json | jq -r '[.moves[] | "\(.from) \(.to)"] | join(",")')"
expect_equal "actors" "anonymous anonymous" \
  "$(tag history team/app:latest --output json | jq -r '[.moves[].actor] | join(" ")')"
expect_match "the table" "TIME +BY +FROM +TO" "$(tag history team/app:latest)"
expect_match "the list" "latest +$two " "$(tag list team/app)"

it "answers a pull as of a time with what the tag named then"
first=$(tag history team/app:latest --output json | jq -r '.moves[1].time')
request GET /v2/team/app/manifests/latest -H "Shale-As-Of: $first" -H "Accept: $MANIFEST_TYPES"
expect_status 200
expect_equal "digest" "$one" "$(header docker-content-digest)"
expect_equal "bytes" "${one#sha256:}" "$(sha256_of "$WORK/body")"
request GET /v2/team/app/manifests/latest -H 'Shale-As-Of: 2001-01-01T00:00:00Z'
expect_status 404
expect_equal "the reason" "the tag latest was not there yet" "$(jq -r '.errors[0].detail' "$WORK/body")"
request GET /v2/team/app/manifests/latest -H 'Shale-As-Of: yesterday'
expect_status 400

it "looks a digest up for clients that send no headers"
expect_equal "then" "$one" "$(tag show team/app:latest --at "$first")"
expect_equal "now" "$two" "$(tag show team/app:latest)"
expect_equal "what skopeo pulls" "$one" "$(pulled "team/app@$(tag show team/app:latest --at "$first")")"
expect_failure tag show team/app:latest --at 3650d
expect_match "the reason" "the tag latest was not there yet" "$OUTPUT"

it "rolls back, and the next client pulls what was there before"
expect_equal "what it names now" "$one" "$(tag rollback team/app:latest 2>/dev/null)"
expect_equal "what skopeo pulls" "$one" "$(pulled team/app:latest)"
expect_equal "who did it" "operator" "$(tag history team/app:latest --output json | jq -r '.moves[0].actor')"
tag rollback team/app:latest --to "$two" 2>/dev/null >/dev/null
expect_equal "what skopeo pulls" "$two" "$(pulled team/app:latest)"
tag rollback team/app:latest --at "$first" 2>/dev/null >/dev/null
expect_equal "what skopeo pulls" "$one" "$(pulled team/app:latest)"

it "lets one of two that saw the same tag move it, and tells the other what is there"
cp "$(layout_blob "$two")" "$WORK/two.json"
put_two() {
  request PUT /v2/team/app/manifests/latest -H 'Content-Type: application/vnd.oci.image.manifest.v1+json' \
    --data-binary "@$WORK/two.json" "$@"
}
put_two -H "If-Match: \"$one\""
expect_status 201
put_two -H "If-Match: \"$one\""
expect_status 412
expect_equal "the reason" "the tag latest is $two now" "$(jq -r '.errors[0].detail' "$WORK/body")"
put_two -H 'If-None-Match: *'
expect_status 412
request DELETE /v2/team/app/manifests/latest -H "If-Match: \"$one\""
expect_status 412
expect_equal "what skopeo pulls" "$two" "$(pulled team/app:latest)"

it "brings a deleted tag back"
request DELETE /v2/team/app/manifests/latest
expect_status 202
expect_failure pulled team/app:latest
expect_match "the list" "latest +deleted " "$(tag list team/app --deleted)"
expect_equal "what it names again" "$two" "$(tag restore team/app:latest 2>/dev/null)"
expect_equal "what skopeo pulls" "$two" "$(pulled team/app:latest)"

it "keeps all of it over kill -9"
moves=$(tag history team/app:latest --output json)
kill -KILL "$SERVER_PID"
stop_daemon server
start_server
expect_equal "moves" "$moves" "$(tag history team/app:latest --output json)"

it "brings an image back that was deleted, with its layers, as long as history says"
restart_server --storage.history 1h
"$BINARY" rm "team/app@$one" --for-good --data-dir "$DATA" >/dev/null
push base team/app:latest  # so that the layers of the other two are nobody's
request DELETE "/v2/team/app/manifests/$two"
expect_status 202
"$BINARY" gc run --now --data-dir "$DATA" >/dev/null
expect_failure pulled "team/app@$two"
request HEAD "/v2/team/app/blobs/$(image_digests app-two | tail -n 1)"
expect_status 404
expect_match "what history keeps" "^[1-9]" "$("$BINARY" usage team/app --output json --data-dir "$DATA" | jq .pinned)"
expect_equal "what it names again" "$two" "$(tag rollback team/app:latest 2>/dev/null)"
expect_equal "what skopeo pulls" "$two" "$(pulled team/app:latest)"
expect_failure tag rollback team/app:latest --to "$one"
expect_match "the reason" "is not in team/app" "$OUTPUT"

it "lets a manifest go that has lost its last tag, where a rule says so"
printf 'rules:\n  - {repositories: team/app, untagged_after: 0s}\n' >"$WORK/shale.yaml"
restart_server --config "$WORK/shale.yaml" --storage.lease 0s
base=$(layout_digest base)
push base team/app:other
tag rollback team/app:other --to "$two" 2>/dev/null >/dev/null
request DELETE /v2/team/app/manifests/latest
expect_status 202
for ((i = 0; i < 100; ++i)); do
  request HEAD "/v2/team/app/manifests/$base" -H "Accept: $MANIFEST_TYPES"
  [[ $STATUS == 404 ]] && break
  sleep 0.1
done
expect_status 404
expect_equal "what skopeo pulls" "$two" "$(pulled team/app:other)"

it "says what is wrong with a name, a time and a digest"
expect_failure tag history team/app
expect_match "the reason" "write REPOSITORY:TAG" "$OUTPUT"
expect_failure tag history team/app:never
expect_match "the reason" "the tag never was never in team/app" "$OUTPUT"
expect_failure tag list nowhere
expect_match "the reason" "no repository nowhere" "$OUTPUT"
expect_failure tag rollback team/app:latest --at noon
expect_match "the reason" "is no time" "$OUTPUT"
expect_failure tag rollback team/app:latest --to sha256:11
expect_match "the reason" "the digest is missing or malformed" "$OUTPUT"
expect_failure tag rollback team/app:latest --to "sha256:$(printf '%064d' 0)"
expect_match "the reason" "is not in team/app" "$OUTPUT"
stop_server

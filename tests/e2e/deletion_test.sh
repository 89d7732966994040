#!/usr/bin/env bash
# Deleting whole images and repositories: what it would do, what it does, and the way back, as real clients see it.
source "$(dirname "$0")/lib/scenario.sh"
source "$LIB/server.sh"
source "$LIB/images.sh"
source "$LIB/skopeo.sh"

require_command skopeo jq
prepare_layout

start_server
shale() { "$BINARY" "$@" --data-dir "$DATA"; }
stored() { shale usage --output json | jq .stored; }
exists() { curl -s "http://$REGISTRY/v2/_catalog" | jq --arg name "$1" '.repositories | index($name) != null'; }
one=$(layout_digest app-one)
two=$(layout_digest app-two)
push app-one team/app:1
push app-two team/app:2
push app-two other/app:2

it "says what would go, what would stay and why, and does nothing"
shale rm team/app:1 --dry-run >"$WORK/dry"
expect_match "the manifest" "goes +manifest +$one" "$(cat "$WORK/dry")"
expect_match "the base that both have" "stays .*by the manifest $two \(2\)" "$(cat "$WORK/dry")"
expect_match "the sum" "would remove 1 tags, 1 manifests and [0-9]+ blobs; [1-9][0-9]* bytes would come free in 14 days" \
  "$(cat "$WORK/dry")"
expect_match "of what another repository has" "by the repository other/app" "$(shale rm team/app:2 --dry-run)"
expect_equal "what skopeo pulls" "$one" "$(pulled team/app:1)"

it "frees, once history is dropped, exactly what it said"
foretold=$(shale rm team/app:1 --dry-run --output json | jq .bytes)
before=$(stored)
shale rm team/app:1 >/dev/null
expect_failure pulled team/app:1
shale gc run --now >/dev/null
expect_equal "bytes while history keeps them" "$before" "$(stored)"
shale history drop "team/app@$one" >/dev/null
shale gc run --now >/dev/null
expect_equal "bytes freed" "$foretold" $((before - $(stored)))
expect_equal "what skopeo pulls" "$two" "$(pulled team/app:2)"

it "lists what can be had back, and brings it back with its tags"
push app-one team/app:1
shale rm "team/app@$one" >/dev/null
expect_match "the list" "$one +1 +[0-9T:.Z-]+ +operator +[0-9T:.Z-]+" "$(shale history list team/app)"
shale gc run --now >/dev/null
expect_match "what came back" "$one +1 +-" "$(shale manifest restore "team/app@$one")"
expect_equal "what skopeo pulls" "$one" "$(pulled team/app:1)"

it "takes a whole repository out of sight at once, and gives it back whole"
expect_failure shale rm team/app
expect_match "the reason" "say --all" "$OUTPUT"
shale rm team/app --all >/dev/null
expect_equal "in the catalog" false "$(exists team/app)"
expect_failure pulled team/app:2
shale gc run --now >/dev/null
kill -KILL "$SERVER_PID"
stop_daemon server
start_server
shale repository restore team/app >/dev/null
expect_equal "in the catalog" true "$(exists team/app)"
expect_equal "what skopeo pulls" "$one $two" "$(pulled team/app:1) $(pulled team/app:2)"

it "leaves nothing of what goes for good"
shale rm team/app --all --for-good >/dev/null
shale rm other/app --all --for-good >/dev/null
shale gc run --now >/dev/null
expect_equal "bytes" 0 "$(stored)"
expect_equal "files" 0 "$(find "$DATA/blobs" -type f | wc -l)"
expect_failure shale repository restore team/app
expect_match "the reason" "nothing that was deleted from team/app is kept" "$OUTPUT"

it "says what is wrong with a name"
for wrong in team/app: team/app@ :1 team/app:1@sha256:00; do
  expect_failure shale rm "$wrong"
  expect_match "the reason" "names no image" "$OUTPUT"
done
expect_failure shale rm team/app:never
expect_match "the reason" "the tag never is not in team/app" "$OUTPUT"
expect_failure shale rm 'Team/App:1'
expect_match "the reason" "repository" "$OUTPUT"
expect_failure shale manifest restore team/app
expect_match "the reason" "REPOSITORY@DIGEST" "$OUTPUT"
expect_failure shale history drop team/app
expect_match "the reason" "with --all" "$OUTPUT"
stop_server

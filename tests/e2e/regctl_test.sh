#!/usr/bin/env bash
# regctl (regclient): images, indexes, artifacts, tag deletion, digest tags, blobs by range of repositories.
source "$(dirname "$0")/lib/scenario.sh"
source "$LIB/server.sh"
source "$LIB/images.sh"
source "$LIB/go_tools.sh"

use_go_tools
require_command jq
prepare_layout
start_server
repo=$REGISTRY/team
regctl() { command regctl --verbosity error "$@"; }
regctl registry set --tls disabled "$REGISTRY" 2>>"$LOGS/regctl.log"
copy() { regctl image copy "$@" >>"$LOGS/regctl.log"; }

it "copies an image in and out, and every blob keeps its bytes"
copy "ocidir://$LAYOUT:app-one" "$repo/app:one"
digest=$(layout_digest app-one)
expect_equal "digest" "$digest" "$(regctl image digest "$repo/app:one")"
copy "$repo/app:one" "ocidir://$WORK/out:one"
for blob in "$digest" $(jq -r '.config.digest, .layers[].digest' "$(layout_blob "$digest")"); do
  cmp "$(layout_blob "$blob")" "$WORK/out/blobs/${blob/://}"
done

it "copies an index with every platform and picks one of them"
copy "ocidir://$LAYOUT:multi" "$repo/multi:1"
expect_equal "digest" "$(layout_digest multi)" "$(regctl image digest "$repo/multi:1")"
expect_equal "what one platform says" "built for linux/arm/v7" \
  "$(regctl image get-file --platform linux/arm/v7 "$repo/multi:1" /platform)"

it "mounts blobs when it copies between repositories"
copy "$repo/app:one" "$repo/copy:one"
expect_equal "digest" "$digest" "$(regctl image digest "$repo/copy:one")"

it "lists tags in pages that hold no more than was asked for"
for n in $(seq 1 7); do copy "$repo/app:one" "$repo/copy:v$n"; done
expect_equal "all tags" "one v1 v2 v3 v4 v5 v6 v7" "$(regctl tag ls "$repo/copy" | xargs)"
expect_equal "the first three" "one v1 v2" "$(regctl tag ls --limit 3 "$repo/copy" | xargs)"
expect_equal "the two after v2" "v3 v4" "$(regctl tag ls --limit 2 --last v2 "$repo/copy" | xargs)"

it "lists repositories"
expect_equal "repositories" "team/app team/copy team/multi" "$(regctl repo ls "$REGISTRY" | sort | xargs)"

it "deletes one tag, while the manifest and its other tags stay"
regctl tag rm "$repo/copy:v7"
expect_equal "tags" "one v1 v2 v3 v4 v5 v6" "$(regctl tag ls "$repo/copy" | xargs)"
expect_equal "digest" "$digest" "$(regctl image digest "$repo/copy@$digest")"

it "puts an artifact that refers to an image, lists and gets it"
echo "about the image" | regctl artifact put --subject "$repo/app:one" --artifact-type application/vnd.example.note \
  --file-media-type text/plain --annotation kind=note >"$LOGS/regctl.log"
expect_equal "artifact type" application/vnd.example.note \
  "$(regctl artifact list "$repo/app:one" --format '{{json .}}' | jq -r '.descriptors[0].artifactType')"
expect_equal "the artifact" "about the image" \
  "$(regctl artifact get --subject "$repo/app:one" --filter-artifact-type application/vnd.example.note)"
expect_equal "tags" "one" "$(regctl tag ls "$repo/app" | xargs)"

it "puts and gets a blob"
head -c 300000 /dev/urandom >"$WORK/blob"
blob=$(regctl blob put "$repo/app" <"$WORK/blob")
expect_equal "digest" "sha256:$(sha256_of "$WORK/blob")" "$blob"
regctl blob get "$repo/app" "$blob" | cmp - "$WORK/blob"

it "modifies an image in the registry and pushes the result"
modified=$(regctl image mod "$repo/app:one" --label colour=blue --create "$repo/app:labelled")
expect_match "what it made" 'team/app:labelled' "$modified"
expect_equal "label" blue "$(regctl image inspect "$repo/app:labelled" | jq -r .config.Labels.colour)"

it "deletes a manifest, and its tags go with it"
regctl manifest delete "$repo/app:labelled" --force-tag-dereference
expect_equal "tags" "one" "$(regctl tag ls "$repo/app" | xargs)"

stop_server

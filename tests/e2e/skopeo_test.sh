#!/usr/bin/env bash
# skopeo (containers/image) as a person uses it: copy, inspect, list-tags, sync, delete, multi-arch both ways.
source "$(dirname "$0")/lib/scenario.sh"
source "$LIB/server.sh"
source "$LIB/images.sh"

require_command skopeo jq
prepare_layout
start_server

copy() { skopeo copy --quiet "$@"; }
remote=docker://$REGISTRY
plain=(--tls-verify=false)

it "copies an image in and keeps its digest"
copy --dest-tls-verify=false "oci:$LAYOUT:app-one" "$remote/team/app:one"
expect_equal "the digest of team/app:one" "$(layout_digest app-one)" "$(registry_digest team/app one)"

it "copies the image out again, byte for byte"
copy --src-tls-verify=false "$remote/team/app:one" "oci:$WORK/out:app-one"
digest=$(layout_digest app-one)
cmp "$(layout_blob "$digest")" "$WORK/out/blobs/${digest/://}"
for blob in $(jq -r '.config.digest, .layers[].digest' "$(layout_blob "$digest")"); do
  cmp "$(layout_blob "$blob")" "$WORK/out/blobs/${blob/://}"
done

it "copies a second tag of shared layers without sending them again"
said=$(skopeo --debug copy --dest-tls-verify=false "oci:$LAYOUT:app-two" "$remote/team/app:two" 2>&1)
expect_equal "uploads: the one layer of its own and the config" 2 "$(grep -c 'POST .*/blobs/uploads/' <<<"$said" || true)"

it "inspects an image: name, digest, tags, layers"
skopeo inspect "${plain[@]}" "$remote/team/app:one" >"$WORK/inspect"
expect_equal "digest" "$digest" "$(jq -r .Digest "$WORK/inspect")"
expect_equal "tags" "one two" "$(jq -r '.RepoTags | sort | join(" ")' "$WORK/inspect")"
expect_equal "layers" "$(jq -r '[.layers[].digest] | join(" ")' "$(layout_blob "$digest")")" "$(jq -r '.Layers | join(" ")' "$WORK/inspect")"
expect_equal "command" '["python3","/srv/app.py"]' "$(skopeo inspect "${plain[@]}" --config "$remote/team/app:one" | jq -c .config.Cmd)"

it "lists tags"
expect_equal "tags" "one two" "$(skopeo list-tags "${plain[@]}" "$remote/team/app" | jq -r '.Tags | join(" ")')"

it "lists every one of a dozen tags"
for n in $(seq 12); do copy --dest-tls-verify=false "oci:$LAYOUT:busybox" "$remote/team/many:v$n"; done
expect_equal "number of tags" 12 "$(skopeo list-tags "${plain[@]}" "$remote/team/many" | jq '.Tags | length')"

it "copies every platform of an index in and out"
copy --all --dest-tls-verify=false "oci:$LAYOUT:multi" "$remote/team/multi:1"
expect_equal "the index's digest" "$(layout_digest multi)" "$(registry_digest team/multi 1)"
copy --all --src-tls-verify=false "$remote/team/multi:1" "oci:$WORK/out:multi"
index=$(layout_digest multi)
cmp "$(layout_blob "$index")" "$WORK/out/blobs/${index/://}"
for child in $(jq -r '.manifests[].digest' "$(layout_blob "$index")"); do
  cmp "$(layout_blob "$child")" "$WORK/out/blobs/${child/://}"
done

it "copies the one platform that is asked for"
copy --override-arch arm64 --src-tls-verify=false "$remote/team/multi:1" "dir:$WORK/arm64"
arm64=$(jq -r '.manifests[] | select(.platform.architecture == "arm64").digest' "$(layout_blob "$index")")
expect_equal "the arm64 manifest" "$arm64" "sha256:$(sha256_of "$WORK/arm64/manifest.json")"

it "converts to Docker's schema 2 and back"
copy --format v2s2 --dest-tls-verify=false "oci:$LAYOUT:busybox" "$remote/team/docker:1"
request GET /v2/team/docker/manifests/1 -H "Accept: $MANIFEST_TYPES"
expect_equal "media type" application/vnd.docker.distribution.manifest.v2+json "$(header content-type)"
copy --format oci --src-tls-verify=false "$remote/team/docker:1" "oci:$WORK/out:busybox"

it "syncs a repository to a directory and another registry's path"
skopeo sync --src-tls-verify=false --src docker --dest dir "$REGISTRY/team/app" "$WORK/synced" >>"$LOGS/sync.log" 2>&1
expect_equal "the synced manifest" "$digest" "sha256:$(sha256_of "$WORK/synced/app:one/manifest.json")"
skopeo sync --src dir --dest-tls-verify=false --dest docker "$WORK/synced" "$REGISTRY/mirror" >>"$LOGS/sync.log" 2>&1
expect_equal "tags of the mirror" "one two" "$(registry_tags mirror/app)"
expect_equal "the mirrored digest" "$digest" "$(registry_digest mirror/app one)"

it "deletes an image, which is then gone, while others stay"
skopeo delete "${plain[@]}" "$remote/team/app:two"
expect_failure skopeo inspect "${plain[@]}" "$remote/team/app:two"
expect_match "skopeo's words" 'manifest unknown|not found' "$OUTPUT"
expect_equal "tags" "one" "$(registry_tags team/app)"
copy --src-tls-verify=false "$remote/team/app:one" "dir:$WORK/still-there"

stop_server

#!/usr/bin/env bash
# crane (go-containerregistry): push, pull, copy, append, list in pages, catalog, delete.
source "$(dirname "$0")/lib/scenario.sh"
source "$LIB/server.sh"
source "$LIB/images.sh"
source "$LIB/go_tools.sh"

use_go_tools
prepare_layout
start_server
repo=$REGISTRY/team
crane() { command crane --insecure "$@"; }

it "pushes an OCI layout and answers with the digest that it has"
mkdir "$WORK/app"
skopeo copy --quiet "oci:$LAYOUT:app-one" "oci:$WORK/app:one"
digest=$(layout_digest app-one)
expect_match "what crane pushed" "@$digest\$" "$(crane push "$WORK/app" "$repo/app:one" 2>>"$LOGS/crane.log")"
expect_equal "digest" "$digest" "$(crane digest "$repo/app:one")"
expect_equal "manifest" "${digest#sha256:}" "$(crane manifest "$repo/app:one" | sha256sum | cut -d' ' -f1)"

it "pulls the layout again, byte for byte"
crane pull --format oci "$repo/app:one" "$WORK/pulled"
for blob in "$digest" $(jq -r '.config.digest, .layers[].digest' "$(layout_blob "$digest")"); do
  cmp "$(layout_blob "$blob")" "$WORK/pulled/blobs/${blob/://}"
done

it "exports a file system that holds the application"
crane export "$repo/app:one" - | tar -x -C "$WORK" srv/app.py
grep -q 'hello from app-one' "$WORK/srv/app.py"

it "appends a layer to an image in the registry, and streams it up"
mkdir "$WORK/layer"
echo "appended" >"$WORK/layer/note"
tar -C "$WORK/layer" -cf "$WORK/layer.tar" note
crane append -b "$repo/app:one" -f "$WORK/layer.tar" -t "$repo/app:noted" >>"$LOGS/crane.log" 2>&1
expect_equal "layers" 5 "$(crane manifest "$repo/app:noted" | jq '.layers | length')"
expect_equal "the new file" "appended" "$(crane export "$repo/app:noted" - | tar -xO note)"

it "copies between repositories, mounting what is there"
crane copy "$repo/app:noted" "$repo/copy:noted" >>"$LOGS/crane.log" 2>&1
expect_equal "digest" "$(crane digest "$repo/app:noted")" "$(crane digest "$repo/copy:noted")"
crane validate --remote "$repo/copy:noted" >>"$LOGS/crane.log" 2>&1

it "copies an index with every platform"
skopeo copy --quiet --all --dest-tls-verify=false "oci:$LAYOUT:multi" "docker://$repo/multi:1"
crane copy "$repo/multi:1" "$repo/multi-copy:1" >>"$LOGS/crane.log" 2>&1
expect_equal "digest" "$(layout_digest multi)" "$(crane digest "$repo/multi-copy:1")"
expect_equal "what one platform says" "built for linux/arm64" \
  "$(crane export --platform linux/arm64 "$repo/multi-copy:1" - | tar -xO platform)"

it "moves tags and lists them"
for n in 1 2 3; do crane tag "$repo/app:one" "v$n"; done
expect_equal "tags" "noted one v1 v2 v3" "$(crane ls "$repo/app" | sort | xargs)"

it "lists the catalogue"
expect_equal "repositories" "team/app team/copy team/multi team/multi-copy" "$(crane catalog "$REGISTRY" | sort | xargs)"

it "reads a blob by its digest"
config=$(jq -r .config.digest "$(layout_blob "$digest")")
expect_equal "the config" "${config#sha256:}" "$(crane blob "$repo/app@$config" | sha256sum | cut -d' ' -f1)"

it "deletes a manifest, and its tags go with it"
crane delete "$repo/app@$(crane digest "$repo/app:noted")"
expect_equal "tags" "one v1 v2 v3" "$(crane ls "$repo/app" | sort | xargs)"
expect_failure crane digest "$repo/app:noted"
expect_match "crane's words" 'MANIFEST_UNKNOWN|404' "$OUTPUT"

stop_server

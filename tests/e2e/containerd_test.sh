#!/usr/bin/env bash
# containerd, started here with its own root, driven by ctr: push, remove, pull, run.
source "$(dirname "$0")/lib/scenario.sh"
source "$LIB/server.sh"
source "$LIB/images.sh"
source "$LIB/containerd.sh"

require_command skopeo jq
prepare_layout
start_containerd
start_server

repo=$REGISTRY/team
push() { ctr images push --plain-http "$@" >>"$LOGS/ctr.log" 2>&1; }
pull() { ctr images pull --plain-http --snapshotter native "$@" >>"$LOGS/ctr.log" 2>&1; }

it "pushes an image whose digest the registry then names"
load app-one "$repo/app:one"
digest=$(digest_of "$repo/app:one")
push "$repo/app:one"
expect_equal "digest" "$digest" "$(registry_digest team/app one)"

it "pulls the image again after forgetting it, and runs it"
forget
pull "$repo/app:one"
expect_equal "digest" "$digest" "$(digest_of "$repo/app:one")"
expect_equal "what the container says" "hello from app-one on python 3" \
  "$(ctr run --rm --snapshotter native "$repo/app:one" hello)"

it "pulls by digest"
forget
pull "$repo/app@$digest"
expect_equal "digest" "$digest" "$(digest_of "$repo/app@$digest")"

it "pushes a second image without sending the layers that are there"
load app-two "$repo/app:two"
push "$repo/app:two"
forget
pull "$repo/app:two"
expect_equal "what the container says" "hello from app-two on python 3" \
  "$(ctr run --rm --snapshotter native "$repo/app:two" hello)"

it "pulls every platform of an index, and pushes them elsewhere"
forget
skopeo copy --quiet --all --dest-tls-verify=false "oci:$LAYOUT:multi" "docker://$repo/multi:1"
pull --all-platforms "$repo/multi:1"
ctr images tag "$repo/multi:1" "$repo/multi-copy:1" >/dev/null
push "$repo/multi-copy:1"
expect_equal "the index's digest" "$(registry_digest team/multi 1)" "$(registry_digest team/multi-copy 1)"
request GET /v2/team/multi-copy/manifests/1 -H "Accept: $MANIFEST_TYPES"
for child in $(jq -r '.manifests[].digest' "$WORK/body"); do
  expect_equal "a platform's digest" "$child" "$(registry_digest team/multi-copy "$child")"
done

it "says that an unknown image is not found"
expect_failure ctr images pull --plain-http "$repo/app:none"
expect_match "ctr's words" 'not found' "$OUTPUT"

stop_server

#!/usr/bin/env bash
# podman and buildah, with storage of their own: build, push, remove, pull, run.
source "$(dirname "$0")/lib/scenario.sh"
source "$LIB/server.sh"
source "$LIB/images.sh"
source "$LIB/podman.sh"

require_command podman buildah runc debootstrap busybox jq
require_root "podman's vfs storage and chroot isolation"
prepare_layout
start_server

# podman raises limits to its own defaults, which takes a capability that a container of ours may lack.
run() { podman run --rm --network none --ulimit "nofile=$(ulimit -Hn):$(ulimit -Hn)" --ulimit nproc=1024:1024 "$@"; }
plain=(--tls-verify=false)
repo=$REGISTRY/team

it "podman pushes an image that it loaded, and the registry names its digest"
skopeo copy --quiet "oci:$LAYOUT:app-one" "oci-archive:$WORK/app-one.tar:localhost/app-one:latest"
podman load -q -i "$WORK/app-one.tar" >/dev/null
image=$(podman images -q --no-trunc | head -n 1)
podman tag "$image" "$repo/app:one"
podman push -q "${plain[@]}" --digestfile "$WORK/digest" "$repo/app:one"
expect_equal "digest" "$(cat "$WORK/digest")" "$(registry_digest team/app one)"

it "podman pulls it again after removing it, and runs it"
podman rmi -af >/dev/null
pulled=$(podman pull -q "${plain[@]}" "$repo/app:one")
expect_equal "image id" "${image#sha256:}" "$pulled"
expect_equal "what the container says" "hello from app-one on python 3" "$(run "$repo/app:one")"

it "podman runs an image that it has to pull first"
podman rmi -af >/dev/null
expect_equal "what the container says" "hello from app-one on python 3" "$(run --quiet "${plain[@]}" "$repo/app:one")"

it "podman pushes Docker's schema 2 where that is asked for"
podman push -q "${plain[@]}" --format v2s2 "$repo/app:one" "$repo/app:v2s2"
request HEAD /v2/team/app/manifests/v2s2 -H "Accept: $MANIFEST_TYPES"
expect_equal "media type" application/vnd.docker.distribution.manifest.v2+json "$(header content-type)"

it "podman pushes zstd layers and reads them back"
podman push -q "${plain[@]}" --compression-format zstd "$repo/app:one" "$repo/zstd:one"
podman rmi -af >/dev/null
podman pull -q "${plain[@]}" "$repo/zstd:one" >/dev/null
expect_equal "what the container says" "hello from app-one on python 3" "$(run "$repo/zstd:one")"

it "buildah builds on a base image that it pulls from the registry"
skopeo copy --quiet --dest-tls-verify=false "oci:$LAYOUT:runtime" "docker://$repo/runtime:1"
mkdir "$WORK/context"
echo 'print("built by buildah")' >"$WORK/context/app.py"
printf 'FROM %s\nCOPY app.py /srv/app.py\nRUN python3 -m compileall -q /srv\nCMD ["python3", "/srv/app.py"]\n' "$repo/runtime:1" \
  >"$WORK/context/Containerfile"
buildah bud -q "${plain[@]}" --isolation chroot -t "$repo/built:1" "$WORK/context" >/dev/null
buildah push -q "${plain[@]}" --digestfile "$WORK/digest" "$repo/built:1"
expect_equal "digest" "$(cat "$WORK/digest")" "$(registry_digest team/built 1)"
podman rmi -af >/dev/null
expect_equal "what the container says" "built by buildah" "$(run --quiet "${plain[@]}" "$repo/built:1")"

it "buildah pushes a list of platforms, and podman pulls the one that fits"
buildah manifest create localhost/list >/dev/null
buildah manifest add --all localhost/list "oci:$LAYOUT:multi" >/dev/null
buildah manifest push -q --all "${plain[@]}" localhost/list "docker://$repo/multi:1" >/dev/null
request GET /v2/team/multi/manifests/1 -H "Accept: $MANIFEST_TYPES"
expect_equal "platforms" "amd64 arm arm64" "$(jq -r '[.manifests[].platform.architecture] | sort | join(" ")' "$WORK/body")"
podman pull -q "${plain[@]}" --platform linux/arm64 "$repo/multi:1" >/dev/null
expect_equal "architecture" arm64 "$(podman image inspect -f '{{.Architecture}}' "$repo/multi:1")"

it "podman inspects a manifest list without pulling it"
printf '[[registry]]\nlocation = "%s"\ninsecure = true\n' "$REGISTRY" >"$WORK/registries.conf"
seen=$(CONTAINERS_REGISTRIES_CONF=$WORK/registries.conf podman manifest inspect "$repo/multi:1")
expect_equal "platforms" 3 "$(jq '.manifests | length' <<<"$seen")"

it "podman says that an unknown image is unknown"
expect_failure podman pull -q "${plain[@]}" "$repo/app:none"
expect_match "podman's words" 'manifest unknown|not found' "$OUTPUT"

stop_server

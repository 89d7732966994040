#!/usr/bin/env bash
# Docker: Debian's engine, started here, builds from Dockerfiles, pushes, removes, pulls and runs.
source "$(dirname "$0")/lib/scenario.sh"
source "$LIB/server.sh"
source "$LIB/images.sh"
source "$LIB/docker.sh"

require_command debootstrap busybox jq
start_docker
start_server
repo=$REGISTRY/team

it "builds images from Dockerfiles, each on the layers of the one before"
write_build_contexts "$WORK/contexts"
for image in busybox base runtime app-one app-two; do docker_build "$image" "$WORK/contexts/$image" >/dev/null; done

it "pushes an image under the digest that the registry then names"
docker tag app-one "$repo/app:one"
docker push "$repo/app:one" >"$WORK/push"
expect_equal "digest" "$(pushed_digest <"$WORK/push")" "$(registry_digest team/app one)"
expect_equal "tags" "one" "$(registry_tags team/app)"
expect_equal "layers sent" 4 "$(grep -c ': Pushed$' "$WORK/push")"

it "says 'Layer already exists' for layers that the repository has"
docker tag app-two "$repo/app:two"
docker push "$repo/app:two" >"$WORK/push"
expect_equal "layers that exist" 3 "$(grep -c ': Layer already exists$' "$WORK/push")"
expect_equal "layers sent" 1 "$(grep -c ': Pushed$' "$WORK/push")"

it "says 'Mounted from' for layers that another repository has"
docker tag app-two "$repo/other:two"
docker push "$repo/other:two" >"$WORK/push"
expect_equal "layers mounted" 4 "$(grep -c ': Mounted from team/app$' "$WORK/push")"
expect_equal "layers sent" 0 "$(grep -c ': Pushed$' "$WORK/push" || true)"

it "pulls the image that was pushed, and runs it"
wanted=$(image_id app-one)
remove_all_images
docker pull -q "$repo/app:one" >/dev/null
expect_equal "image id" "$wanted" "$(image_id "$repo/app:one")"
expect_equal "what the container says" "hello from app-one on python 3" "$(docker run --rm --network none "$repo/app:one")"

it "pulls by digest, from the repository whose layers were mounted"
digest=$(registry_digest team/other two)
docker pull -q "$repo/other@$digest" >/dev/null
expect_equal "what the container says" "hello from app-two on python 3" "$(docker run --rm --network none "$repo/other@$digest")"

it "pushes and pulls every tag of a repository at once"
for tag in a b c; do docker tag "$repo/app:one" "$repo/all:$tag"; done
docker push --all-tags -q "$repo/all" >/dev/null
expect_equal "tags" "a b c" "$(registry_tags team/all)"
remove_all_images
docker pull --all-tags -q "$repo/all" >/dev/null
expect_equal "image id" "$wanted" "$(image_id "$repo/all:c")"

it "moves a tag when another image is pushed to it"
docker build -q --network none -t "$repo/all:a" "$WORK/contexts/busybox" >/dev/null
docker push -q "$repo/all:a" >/dev/null
remove_all_images
expect_equal "what the container says" "hello from busybox" "$(docker run --rm --network none "$repo/all:a")"

it "pulls what was pushed before the server was restarted"
restart_server
remove_all_images
docker pull -q "$repo/app:one" >/dev/null
expect_equal "image id" "$wanted" "$(image_id "$repo/app:one")"

it "tells Docker that a deleted image is unknown"
request DELETE "/v2/team/other/manifests/$digest"
expect_status 202
expect_failure docker pull "$repo/other:two"
expect_match "Docker's words" 'manifest unknown|not found' "$OUTPUT"

stop_server

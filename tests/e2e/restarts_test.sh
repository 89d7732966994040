#!/usr/bin/env bash
# The server is restarted twenty times while docker and skopeo push and pull: their ordinary retries get everything
# through, and what was acknowledged is there.
source "$(dirname "$0")/lib/scenario.sh"
source "$LIB/server.sh"
source "$LIB/docker.sh"
source "$LIB/skopeo.sh"

require_command skopeo jq
RESTARTS=20
start_server --timeouts.drain 2s
start_docker
cd "$WORK"
mkdir ledger

# Each image has a layer of its own, large enough to be under way when the server goes.
mkdir context
printf 'FROM scratch\nADD layer /layer\n' >context/Dockerfile
make_image() {  # REFERENCE
  head -c 8000000 /dev/urandom >context/layer
  docker_build "$1" context >/dev/null
}

# What the client said was pushed, by its digest. A push that gives up is begun again, as people do.
docker_pushes() {
  local n=0 reference out tries
  until [[ -e enough ]]; do
    reference=$REGISTRY/docker/app:$((++n))
    make_image "$reference"
    for tries in {1..20}; do
      if out=$(docker push "$reference" 2>>"$LOGS/docker-push.log"); then
        pushed_digest <<<"$out" >"ledger/docker-app@$n"
        break
      fi
      echo "push $n gave up for the ${tries}. time" >>"$LOGS/docker-push.log"
      sleep 0.5
    done
    [[ -s ledger/docker-app@$n ]] || { echo "docker could not push $reference" >failed; return; }
  done
}

skopeo_pushes() {
  local n=0 from=$WORK/skopeo-image
  until [[ -e enough ]]; do
    n=$((n + 1))
    rm -rf "$from"
    mkdir "$from"
    head -c 8000000 /dev/urandom >"$from/layer"
    write_oci_layout "$from"
    if skopeo copy --quiet --retry-times 8 --dest-tls-verify=false --digestfile "ledger/skopeo-app@$n" \
      "oci:$from/oci:latest" "docker://$REGISTRY/skopeo/app:$n" >>"$LOGS/skopeo-push.log" 2>&1; then
      continue
    fi
    echo "skopeo could not push $n" >failed
    return
  done
}

# An image of one layer, in OCI's layout.
write_oci_layout() {  # DIRECTORY
  local dir=$1 blobs=$1/oci/blobs/sha256 layer config manifest
  mkdir -p "$blobs"
  layer=$(sha256_of "$dir/layer")
  mv "$dir/layer" "$blobs/$layer"
  printf '{"architecture":"amd64","os":"linux","rootfs":{"type":"layers","diff_ids":["sha256:%s"]}}' "$layer" >"$dir/config"
  config=$(sha256_of "$dir/config")
  printf '{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json","config":%s,"layers":[%s]}' \
    "$(descriptor "$dir/config" application/vnd.oci.image.config.v1+json)" \
    "$(descriptor "$blobs/$layer" application/vnd.oci.image.layer.v1.tar)" >"$dir/manifest"
  manifest=$(sha256_of "$dir/manifest")
  printf '{"schemaVersion":2,"manifests":[%s]}' \
    "$(descriptor "$dir/manifest" application/vnd.oci.image.manifest.v1+json |
      jq -c '.annotations = {"org.opencontainers.image.ref.name": "latest"}')" >"$dir/oci/index.json"
  echo '{"imageLayoutVersion":"1.0.0"}' >"$dir/oci/oci-layout"
  mv "$dir/config" "$blobs/$config"
  mv "$dir/manifest" "$blobs/$manifest"
}
descriptor() { printf '{"mediaType":"%s","digest":"sha256:%s","size":%d}' "$2" "$(sha256_of "$1")" "$(stat -c %s "$1")"; }

docker_pushes &
by_docker=$!
skopeo_pushes &
by_skopeo=$!

it "is restarted $RESTARTS times under docker's and skopeo's pushes"
under_way() { grep -rqs . ledger || [[ -n $(find "$DATA/uploads" -type f -size +64k -print -quit) ]]; }
for ((i = 1; i <= RESTARTS; i++)); do
  wait_until 60 "pushes to be under way" under_way
  # Not always at the same moment of a push.
  sleep "0.$((i * 37 % 10))"
  restart_server --timeouts.drain "$((i % 2))s"
  [[ ! -e failed ]] || fail "$(cat failed)"
done
touch enough
wait "$by_docker" "$by_skopeo"
[[ ! -e failed ]] || fail "$(cat failed)"

it "has every image whose push was acknowledged, by its digest"
found=0
for entry in ledger/*; do
  name=${entry##*/}
  repository=${name%@*}
  request GET "/v2/${repository/-//}/manifests/${name#*@}" -H "Accept: $MANIFEST_TYPES"
  expect_status 200
  expect_equal "the digest of $name" "$(cat "$entry")" "$(header docker-content-digest)"
  for blob in $(jq -r '.config.digest, .layers[].digest' "$WORK/body"); do
    request HEAD "/v2/${repository/-//}/blobs/$blob"
    expect_status 200
  done
  found=$((found + 1))
done
echo "        $found images were pushed over $RESTARTS restarts"
expect_less "too few images" 3 "$found"

it "can say in one line that the store is whole"
stop_server
"$BINARY" fsck --quick --data-dir "$DATA" | tail -n 1

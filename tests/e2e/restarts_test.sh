#!/usr/bin/env bash
# The server is restarted twenty times in the middle of docker's and skopeo's pushes, and what was acknowledged is there.
# docker sends a layer that was cut off again by itself, up to four times (after 5, 10, 15 and 20 s); what it asks before
# the layers, and the manifest after them, it asks once. `skopeo copy --retry-times` begins the copy again without what
# is there, but takes some broken connections for final ("broken pipe"). A push that a client gave up is begun again by
# this script, as by its user; both kinds are counted. That an upload goes on at its offset is in uploads_test.sh.
source "$(dirname "$0")/lib/scenario.sh"
source "$LIB/server.sh"
source "$LIB/docker.sh"
source "$LIB/skopeo.sh"

require_command skopeo jq
RESTARTS=20
LAYER_BYTES=30000000  # some seconds for two processors that compress several of them
start_server --timeouts.drain 2s
start_docker
cd "$WORK"
mkdir ledger

script_runs() { [[ -d $WORK ]] && kill -0 $$ 2>/dev/null; }
# Runs one push until it succeeds. Notes in CLIENT.carried each command that got over a restart by its own retries, and in
# CLIENT.again each that gave up.
push_until_done() {  # CLIENT WORDS_OF_ITS_RETRIES LOG COMMAND...
  local client=$1 words=$2 log=$3 tries
  shift 3
  for tries in {1..20}; do
    if "$@" >"$log" 2>&1; then
      ! grep -q "$words" "$log" || echo "$*" >>"$client.carried"
      return 0
    fi
    script_runs || return 1
    echo "$(tail -n 1 "$log") ($tries. time)" | tee -a "$LOGS/$client-push.log" >>"$client.again"
    until server_answers; do
      script_runs || return 1
      sleep 0.1
    done
  done
  echo "$client could not push: $(tail -n 1 "$log")" >failed
  return 1
}

# Each image has a layer of its own. What the client said was pushed goes to the ledger, by its digest.
docker_pushes() {  # NUMBER
  local n=0 reference log=docker-$1.out
  mkdir "docker-$1"
  until [[ -e enough ]]; do
    reference=$REGISTRY/docker/app$1:$((++n))
    head -c "$LAYER_BYTES" /dev/urandom >"docker-$1/layer"
    tar -C "docker-$1" -c layer | docker import - "$reference" >/dev/null
    push_until_done docker 'Retrying in' "$log" docker push "$reference" || return
    pushed_digest <"$log" >"ledger/docker-app$1@$n"
    docker image rm "$reference" >/dev/null
  done
}

skopeo_pushes() {  # NUMBER
  local n=0 from=$WORK/skopeo-$1
  until [[ -e enough ]]; do
    n=$((n + 1))
    rm -rf "$from"
    mkdir "$from"
    head -c "$LAYER_BYTES" /dev/urandom >"$from/layer"
    write_oci_layout "$from"
    push_until_done skopeo 'retrying in' "skopeo-$1.out" skopeo copy --retry-times 20 --dest-tls-verify=false \
      --digestfile "ledger/skopeo-app$1@$n" "oci:$from/oci:latest" "docker://$REGISTRY/skopeo/app$1:$n" || return
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

pushers=()
for number in 1 2; do
  docker_pushes "$number" &
  pushers+=($!)
  skopeo_pushes "$number" &
  pushers+=($!)
done

it "is restarted $RESTARTS times in the middle of docker's and skopeo's uploads"
# An upload that has come this far since the server started; what was cut off before is older.
under_way() { [[ -n $(find "$DATA/uploads" -type f -newer started -size "+$1k" -print -quit) ]]; }
# The last stop's uploads by the log: those that ended after the order to stop, and among them those that were cut off.
uploads_at_the_stop() {
  tac "$SERVER_LOG" | sed '/"msg":"stopping"/q' | grep '"method":"PATCH"' | grep -c "${1:-}" || true
}
got_through() { (($(find ledger -type f -size +0 | wc -l) >= $1)); }
hits=0 uploads=0 cuts=0
touch started
for ((i = 1; i <= RESTARTS; i++)); do
  # Each time somebody has got through since the last one; and not always at the same moment of an upload.
  wait_until 60 "a push to get through" got_through "$i"
  wait_until 60 "an upload to be under way" under_way $((i * 37 % 10 * 1500 + 64))
  stop_server
  met=$(uploads_at_the_stop) cut=$(uploads_at_the_stop '"cut_off":true')
  if ((met > 0)); then hits=$((hits + 1)); fi
  uploads=$((uploads + met)) cuts=$((cuts + cut))
  start_server --timeouts.drain "$((i % 2))s"
  touch started
  [[ ! -e failed ]] || fail "$(cat failed)"
done
touch enough
wait "${pushers[@]}"
[[ ! -e failed ]] || fail "$(cat failed)"

count() { if [[ -e $1 ]]; then wc -l <"$1"; else echo 0; fi; }
echo "        $hits of $RESTARTS restarts met uploads: $cuts of $uploads were cut off, the others ended in time"
for client in docker skopeo; do
  echo "        $client: its own retries carried $(count $client.carried) pushes over a restart," \
    "and $(count $client.again) had to be begun again"
done
expect_less "too few restarts met an upload" $((RESTARTS * 3 / 4 - 1)) "$hits"
for client in docker skopeo; do
  expect_less "pushes that $client's own retries carried over a restart" 0 "$(count $client.carried)"
done

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
expect_less "too few images" $((RESTARTS - 1)) "$found"

it "can say in one line that the store is whole"
stop_server
"$BINARY" fsck --quick --data-dir "$DATA" | tail -n 1

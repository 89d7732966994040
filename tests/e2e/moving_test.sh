#!/usr/bin/env bash
# What an operator does around the server: moves from docker's registry, backs up, restores.
source "$(dirname "$0")/lib/scenario.sh"
source "$LIB/server.sh"
source "$LIB/images.sh"

require_command skopeo curl docker-registry
prepare_layout
cd "$WORK"

# Docker's registry, with what is to be moved.
old=127.0.0.1:$(free_port)
cat >old.yml <<END
version: 0.1
storage: {filesystem: {rootdirectory: $WORK/old}, delete: {enabled: true}}
http: {addr: $old}
END
start_daemon old docker-registry serve old.yml
wait_until 30 "docker's registry to answer" curl -fsS --max-time 5 "http://$old/v2/"
put() { skopeo copy --quiet --all --dest-tls-verify=false "oci:$LAYOUT:$1" "docker://$old/$2"; }
put busybox tools/busybox:1
put busybox tools/busybox:latest
put multi multi:v1
put app-one team/apps/one:v1
digest_at() {  # REGISTRY NAME TAG
  curl -fsS --max-time 10 --head -H "Accept: $MANIFEST_TYPES" "http://$1/v2/$2/manifests/$3" |
    tr -d '\r' | awk 'tolower($1) == "docker-content-digest:" { print $2 }'
}

start_server
export SKOPEO_FLAGS='--src-tls-verify=false --dest-tls-verify=false'

it "moves all repositories with all tags, indexes with all their platforms"
"$ROOT/deploy/move-from-registry" "$old" "$REGISTRY" >moved.log 2>&1 || fail "$(tail -n 5 moved.log)"
for image in tools/busybox:1 tools/busybox:latest multi:v1 team/apps/one:v1; do
  expect_equal "the digest of $image" "$(digest_at "$old" "${image%:*}" "${image#*:}")" \
    "$(digest_at "$REGISTRY" "${image%:*}" "${image#*:}")"
done
expect_equal "platforms of multi" "$(skopeo inspect --raw --tls-verify=false "docker://$old/multi:v1" | sha256sum)" \
  "$(skopeo inspect --raw --tls-verify=false "docker://$REGISTRY/multi:v1" | sha256sum)"

it "moves what has changed since, when it is started again"
put base tools/busybox:latest
"$ROOT/deploy/move-from-registry" "$old" "$REGISTRY" tools/busybox >moved.log 2>&1 || fail "$(tail -n 5 moved.log)"
expect_equal "the digest of latest" "$(digest_at "$old" tools/busybox latest)" "$(digest_at "$REGISTRY" tools/busybox latest)"

it "is backed up by a copy while it runs and a second one while it stands still, and the copy proves itself"
cp -a "$DATA" backup
skopeo copy --quiet --dest-tls-verify=false "oci:$LAYOUT:runtime" "docker://$REGISTRY/late:v1"
late=$(digest_at "$REGISTRY" late v1)
stop_server
rm -rf backup/metadata
cp -a "$DATA/metadata" backup/
cp -a --update=none "$DATA/." backup/ 2>/dev/null || cp -an "$DATA/." backup/
start_server
"$BINARY" fsck --data-dir backup | grep -q '^proved' || fail "the backup is not whole"

it "serves from the backup what was there"
stop_server
DATA=$WORK/backup
start_server
expect_equal "the digest of what came last" "$late" "$(digest_at "$REGISTRY" late v1)"
skopeo copy --quiet --src-tls-verify=false "docker://$REGISTRY/team/apps/one:v1" "oci:$WORK/back:x"
stop_server

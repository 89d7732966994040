#!/usr/bin/env bash
# What an operator does around the server: moves from docker's registry, backs up, restores.
source "$(dirname "$0")/lib/scenario.sh"
source "$LIB/server.sh"
source "$LIB/images.sh"
source "$LIB/guide.sh"

require_root "serving as another user"
require_command skopeo curl docker-registry rsync runuser
prepare_layout
cd "$WORK"
# Served by a user who is not root, as the package has it.
OWNER=nobody
chmod 711 "$WORK"
install -d -o "$OWNER" "$DATA"
cp "$BINARY" shale
BINARY=$WORK/shale
SERVER_PREFIX=(setpriv --reuid "$OWNER" --clear-groups --pdeathsig TERM --)

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

it "is backed up by the guide's commands, with what was pushed between the two copies"
late=
systemctl() {  # VERB shale
  case "$*" in
    'stop shale')
      skopeo copy --quiet --dest-tls-verify=false "oci:$LAYOUT:runtime" "docker://$REGISTRY/late:v1"
      late=$(digest_at "$REGISTRY" late v1)
      stop_server
      ;;
    'start shale') start_server ;;
    *) fail "the guide says 'systemctl $*'" ;;
  esac
}
here() { sed "s,/var/lib/shale/,$DATA/,g; s,/backup/,$WORK/backup/,g; s,-u shale -- shale ,-u $OWNER -- $BINARY ,"; }
mkdir backup
eval "$(from_guide 'rsync -a ' | here)"
[[ -n $late ]] || fail "the guide's commands do not stop the server"
expect_equal "whose the copy is" "$OWNER" "$(stat -c %U backup/shale/metadata)"

it "has a copy that proves itself, and is still its owner's"
proof=$(from_guide 'runuser -u shale -- shale fsck' | here)
expect_match "the proof" '^proved' "$(eval "$proof")"
expect_equal "files of others" "" "$(find backup/shale ! -user "$OWNER")"

it "serves from the backup what was there"
stop_server
DATA=$WORK/backup/shale
start_server
expect_equal "the digest of what came last" "$late" "$(digest_at "$REGISTRY" late v1)"
skopeo copy --quiet --src-tls-verify=false "docker://$REGISTRY/team/apps/one:v1" "oci:$WORK/back:x"
stop_server

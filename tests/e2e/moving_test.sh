#!/usr/bin/env bash
# What an operator does around the server: moves from docker's registry, backs up, restores.
source "$(dirname "$0")/lib/scenario.sh"
source "$LIB/server.sh"
source "$LIB/images.sh"
source "$LIB/private_ca.sh"
source "$LIB/guide.sh"

require_root "serving as another user"
require_command skopeo curl docker-registry openssl jq rsync runuser
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

# Runs the script where it cannot do all of it, and keeps what it says in $OUTPUT.
expect_incomplete() {  # ARGUMENTS...
  expect_failure "$ROOT/deploy/move-from-registry" "$@"
  [[ $OUTPUT != *'repositories are in'* ]] || fail "it says that all is there: $OUTPUT"
}

it "names what cannot be moved, and moves all else"
put app-two broken/two:v1
lost=$(image_digests app-two | tail -n 1 | cut -d: -f2)
rm "$WORK/old/docker/registry/v2/blobs/sha256/${lost:0:2}/$lost/data"
put busybox zoo/late:v1
expect_incomplete "$old" "$REGISTRY"
expect_match "the last words" 'not copied, or not all of it: broken/two$' "$OUTPUT"
expect_equal "the digest of zoo/late" "$(digest_at "$old" zoo/late v1)" "$(digest_at "$REGISTRY" zoo/late v1)"

it "moves nothing when it knows only the first page of the catalog, and says why"
partial=127.0.0.1:$(free_port)
start_daemon partial python3 "$LIB/broken_catalog.py" "${partial##*:}"
wait_until 30 "the broken registry to answer" curl -fsS --max-time 5 "http://$partial/v2/"
expect_incomplete "$partial" "$REGISTRY"
expect_equal "all its words" "the catalog of $partial cannot be read: it answers with 500.
Name the repositories behind $partial and $REGISTRY." "$OUTPUT"
stop_daemon partial
expect_incomplete "$partial" "$REGISTRY"
expect_match "the words when nobody is there" "the catalog of $partial cannot be read: curl: .*Name the repositories" "$OUTPUT"

it "moves what is named from a registry with TLS and users, and says that it has to be named"
make_ca
issue "$WORK/secured" IP:127.0.0.1
secured=127.0.0.1:$(free_port)
"$BINARY" user add alice --file secured.users <<<alice-secret 2>/dev/null
start_daemon secured "$BINARY" serve --listen "https://$secured" --data-dir "$WORK/secured.data" \
  --tls.certificates secured.crt --tls.keys secured.key --auth.htpasswd secured.users
mkdir trusted
cp "$CA.crt" trusted/ca.crt
wait_until 30 "the registry with TLS to answer" curl -sS --max-time 5 --cacert "$CA.crt" "https://$secured/v2/"
skopeo login --cert-dir trusted -u alice --password-stdin "$secured" <<<alice-secret >/dev/null
skopeo copy --quiet --dest-cert-dir trusted "oci:$LAYOUT:busybox" "docker://$secured/private/app:v1"
export SKOPEO_FLAGS='--src-cert-dir trusted --dest-tls-verify=false'
expect_incomplete "$secured" "$REGISTRY"
expect_match "the words for an unknown issuer" "the catalog of $secured cannot be read: curl: .*certificate" "$OUTPUT"
CURL_CA_BUNDLE=$CA.crt expect_incomplete "$secured" "$REGISTRY"
expect_match "the words for a login" "it asks for a login \(401\).*Name the repositories behind $secured and $REGISTRY" "$OUTPUT"
"$ROOT/deploy/move-from-registry" "$secured" "$REGISTRY" private/app >moved.log 2>&1 || fail "$(tail -n 5 moved.log)"
request GET /v2/private/app/tags/list
expect_status 200
expect_equal "tags of private/app" '["v1"]' "$(jq -c .tags body)"
stop_daemon secured
expect_equal "its exit status" 0 "$DAEMON_STATUS"

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

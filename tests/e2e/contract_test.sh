#!/usr/bin/env bash
# The contract against the program: every operation of openapi.yaml is asked for, with its parameters and until each of
# its statuses has been seen, and each answer is held against it: status, fields, type and body.
source "$(dirname "$0")/lib/scenario.sh"
source "$LIB/server.sh"

require_command python3
python3 -c 'import jsonschema, yaml' 2>/dev/null || skip "python3-jsonschema or python3-yaml is not installed"
exercise() { python3 "$ROOT/tests/openapi/exercise.py" "$@"; }
contract=$WORK/openapi.yaml seen=$WORK/seen.json config=$WORK/shale.yaml

for user in chief dev nobody; do "$BINARY" user add "$user" --file "$WORK/users" <<<"$user-secret" 2>>"$LOGS/users.log"; done
cat >"$WORK/policy.yaml" <<'END'
rules:
  - {allow: [pull, push, overwrite, delete, admin], subjects: [user:chief], repositories: ['**']}
  - {allow: [pull, push, overwrite, delete], subjects: [user:dev], repositories: [team/**]}
END
cat >"$config" <<END
storage: {lease: 1h}
limits: {page_size: 500, manifest_bytes: 16KiB, tags_per_push: 3}
auth: {htpasswd: $WORK/users, policy: $WORK/policy.yaml, robots: true}
quotas:
  - {namespace: team, bytes: 1GiB, tags: 100}
  - {namespace: small, tags: 1}
rules:
  - {repositories: [still/**], immutable_tags: ['v*'], history: 90d, untagged_after: 7d}
  - repositories: [team/**]
    retention: {keep_last: 1, keep_pulled_within: 30d, keep_tags: ['v*'], keep_semver: true, untagged_older_than: 7d}
END

it "serves the contract to everybody, as it is in the sources"
start_server --config "$config"
curl -sS "http://$REGISTRY/openapi.yaml" -o "$contract"
cmp "$contract" "$ROOT/openapi/openapi.yaml" || fail "what is served is another one"
expect_equal "its version" "$("$BINARY" version | awk 'NR == 1 { print $2 }')" "$(awk '$1 == "version:" { print $2; exit }' "$contract")"

it "answers as the contract says where people log in"
exercise guarded "$REGISTRY" "$contract" "$seen" "$config"
stop_server

it "answers as the contract says where nobody logs in, nothing is deleted and the disk is full"
DATA=$WORK/open
start_server --storage.reserve 1024TiB --registry.delete_tags false --registry.delete_manifests false \
  --registry.delete_blobs false --registry.delete_uploads false
exercise open "$REGISTRY" "$contract" "$seen" -
stop_server

it "has shown every operation, status and parameter of the contract"
exercise report "$contract" "$seen"

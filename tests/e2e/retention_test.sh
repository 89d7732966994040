#!/usr/bin/env bash
# Rules: tags that do not move, and manifests that go when no line of a rule keeps them, with what clients see of both.
source "$(dirname "$0")/lib/scenario.sh"
source "$LIB/server.sh"

require_command skopeo jq

# An OCI layout with one image whose only file says NAME.
make_image() {  # NAME
  local layout=$WORK/images/$1 layer config manifest
  mkdir -p "$layout/blobs/sha256" "$WORK/root"
  put() {  # FILE   as a blob; prints its digest and size
    local sum
    sum=$(sha256sum "$1" | cut -d' ' -f1)
    cp "$1" "$layout/blobs/sha256/$sum"
    echo "\"digest\":\"sha256:$sum\",\"size\":$(stat -c %s "$1")"
  }
  echo "$1" >"$WORK/root/name"
  tar -C "$WORK/root" -cf "$WORK/layer.tar" name
  printf '{"architecture":"amd64","os":"linux","rootfs":{"type":"layers","diff_ids":["sha256:%s"]}}' \
    "$(sha256sum "$WORK/layer.tar" | cut -d' ' -f1)" >"$WORK/config.json"
  layer=$(put "$WORK/layer.tar")
  config=$(put "$WORK/config.json")
  printf '{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json","config":{"mediaType":"application/vnd.oci.image.config.v1+json",%s},"layers":[{"mediaType":"application/vnd.oci.image.layer.v1.tar",%s}]}' \
    "$config" "$layer" >"$WORK/manifest.json"
  manifest=$(put "$WORK/manifest.json")
  printf '{"imageLayoutVersion":"1.0.0"}' >"$layout/oci-layout"
  printf '{"schemaVersion":2,"manifests":[{"mediaType":"application/vnd.oci.image.manifest.v1+json",%s,"annotations":{"org.opencontainers.image.ref.name":"it"}}]}' \
    "$manifest" >"$layout/index.json"
}

cat >"$WORK/shale.yaml" <<'EOF'
rules:
  - repositories: ["prod/**"]
    immutable_tags: ["v*"]
  - repositories: ["ci/**"]
    immutable_tags: ["golden"]
    retention:
      keep_last: 1
      keep_semver: true
      untagged_older_than: 30d
EOF
start_server --config "$WORK/shale.yaml"
remote=docker://$REGISTRY
for name in one two three four; do make_image "$name"; done

push() { skopeo copy --quiet --dest-tls-verify=false "oci:$WORK/images/$1:it" "$remote/$2"; }
digest_of() { skopeo inspect --tls-verify=false --format '{{.Digest}}' "$remote/$1"; }
tags_of() { skopeo list-tags --tls-verify=false "$remote/$1" | jq -r '.Tags | sort | join(" ")'; }
retention() { "$BINARY" retention run "$@" --data-dir "$DATA" 2>>"$LOGS/retention.log"; }
fates() { jq -r '.repositories[] | .repository as $r | .manifests[] | "\($r):\(.tags | join(",")) \(.fate)"' | sort; }

it "tells the rules that it has"
expect_equal "rules" "v* golden" \
  "$("$BINARY" rules list --output json --data-dir "$DATA" | jq -r '[.rules[].immutable_tags[]] | join(" ")')"
expect_match "the table" "ci/\*\*.*keep_last 1" "$("$BINARY" rules list --data-dir "$DATA")"

it "makes an immutable tag, confirms it, and refuses to move it in words that name tag and rule"
push one prod/app:v1
push one prod/app:v1
if push two prod/app:v1 2>"$WORK/refusal"; then fail "the tag moved"; fi
expect_match "what skopeo says" "denied: a rule says that the tag never moves" "$(cat "$WORK/refusal")"
request PUT /v2/prod/app/manifests/v1 -H 'Content-Type: application/vnd.oci.image.index.v1+json' \
  --data '{"schemaVersion":2,"manifests":[]}'
expect_equal "status" 403 "$STATUS"
expect_match "the detail" 'the tag v1 of prod/app is immutable: the rule for prod/\*\* keeps the tags v\*' "$(cat "$WORK/body")"
push two prod/app:latest
push three prod/app:latest

it "does not delete it either, nor what it names"
digest=$(digest_of prod/app:v1)
for reference in v1 "$digest"; do
  request DELETE "/v2/prod/app/manifests/$reference"
  expect_equal "status of deleting $reference" 403 "$STATUS"
done
expect_equal "tags" "latest v1" "$(tags_of prod/app)"

it "says what retention would remove and why, and removes nothing"
push one ci/app:golden
sleep 0.01
push two ci/app:1.0.0
sleep 0.01
push three ci/app:build-1
sleep 0.01
push four ci/app:build-2
dry=$(retention --dry-run --output json --all)
expect_equal "fates" "ci/app:1.0.0 stays
ci/app:build-1 would go
ci/app:build-2 stays
ci/app:golden stays" "$(fates <<<"$dry")"
expect_match "reasons" "immutable: the rule for ci.*" "$(jq -r '.repositories[].manifests[] | select(.tags == ["golden"]).reason' <<<"$dry")"
expect_equal "tags" "1.0.0 build-1 build-2 golden" "$(tags_of ci/app)"
expect_match "the table" "build-1 .*would go  no line of the rule keeps it" "$(retention ci/app --dry-run)"

it "removes that and nothing else, and finds nothing the second time"
expect_match "the table" "build-1 .*went" "$(retention 'ci/**')"
expect_equal "tags" "1.0.0 build-2 golden" "$(tags_of ci/app)"
expect_equal "tags elsewhere" "latest v1" "$(tags_of prod/app)"
expect_equal "gone the second time" 0 "$(retention --output json | jq '[.repositories[].gone] | add')"

it "refuses what names no repository"
expect_failure retention 'CI/**'
expect_failure retention ci/app --output xml

it "keeps the rules over a restart"
restart_server --config "$WORK/shale.yaml"
expect_failure push two prod/app:v1
skopeo copy --quiet --src-tls-verify=false "$remote/ci/app:golden" "dir:$WORK/pulled"

it "does not start with rules that contradict each other, and says where"
cat >"$WORK/wrong.yaml" <<'EOF'
rules:
  - repositories: [a, "b/**"]
    immutable_tags: [a]
  - repositories: ["b/**"]
    immutable_tags: [b]
EOF
if "$BINARY" check-config --config "$WORK/wrong.yaml" 2>"$WORK/wrong"; then fail "it was taken"; fi
expect_match "the line" "wrong.yaml:4:20: rules: immutable_tags of \"b/\*\*\" is said at .*wrong.yaml:2:23" "$(cat "$WORK/wrong")"
stop_server

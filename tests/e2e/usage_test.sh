#!/usr/bin/env bash
# Where the space is: two images on one base, in numbers that are counted from their layouts, and quotas that a client's
# user can read about.
source "$(dirname "$0")/lib/scenario.sh"
source "$LIB/server.sh"
source "$LIB/images.sh"

require_command skopeo jq
prepare_layout

cat >"$WORK/shale.yaml" <<END
quotas:
  - {namespace: small, bytes: 1KiB}
  - {namespace: few, tags: 1}
END
start_server --config "$WORK/shale.yaml"
remote=docker://$REGISTRY
push() { skopeo copy --quiet --dest-tls-verify=false "oci:$LAYOUT:$1" "$remote/$2"; }  # IMAGE REFERENCE
at() { "$BINARY" "$@" --data-dir "$DATA"; }
number() { at usage ${2:+"$2"} --output json | jq -r ".$1"; }  # FIELD [REPOSITORY|NAMESPACE/]

# Digest and size of everything that an image consists of, each thing once.
parts() {  # IMAGE...
  local image digest
  for image in "$@"; do
    digest=$(layout_digest "$image")
    echo "$digest $(stat -c %s "$(layout_blob "$digest")")"
    jq -r '.config, .layers[] | "\(.digest) \(.size)"' "$(layout_blob "$digest")"
  done | sort -u
}
weight() { awk '{ sum += $2 } END { print sum + 0 }'; }
layers() { jq -r '.layers[].digest' "$(layout_blob "$(layout_digest "$1")")"; }  # IMAGE

push base team/base:1
push app-one team/one:v1
push app-two team/two:v1

it "counts what each repository shows, and what it shares"
one=$(parts app-one | weight)
shared=$(comm -12 <(parts app-one) <(parts base app-two) | weight)
expect_equal "logical" "$one" "$(number logical team/one)"
expect_equal "shared" "$shared" "$(number shared team/one)"
expect_equal "unique" $((one - shared)) "$(number unique team/one)"
expect_equal "tags" 1 "$(number tags team/one)"

it "counts a namespace and the whole store, once with and once without sharing"
all=$((one + $(parts app-two | weight) + $(parts base | weight)))
stored=$(parts base app-one app-two | weight)
expect_equal "logical of the namespace" "$all" "$(number logical team/)"
expect_equal "stored" "$stored" "$(number stored)"
expect_equal "without sharing" "$all" "$(number logical)"
expect_equal "in flight" 0 "$(number in_flight)"
expect_match "the table" "WITHOUT SHARING.*REPOSITORY .*team/one" "$(at usage | xargs)"

it "counts the bytes of an upload that has not ended"
request POST /v2/team/one/blobs/uploads/
expect_status 202
request PATCH "$(header location)" -H 'Content-Type: application/octet-stream' --data-binary "$(printf '%40000s' x)"
expect_status 202
expect_equal "in flight" 40000 "$(number in_flight team/one)"

it "finds the layer that most images share"
first=$(layers base | head -n 1)
expect_equal "images with it" 3 \
  "$(at layers top 50 --output json | jq --arg digest "$first" '.layers[] | select(.digest == $digest).images')"
expect_equal "images with the top one" 3 "$(at layers top 1 --output json | jq '.layers[0].images')"

it "finds what contains a layer, and what is built on a base"
last=$(layers app-one | tail -n 1)
expect_equal "images" "team/one:v1" \
  "$(at image find --layer "$last" --output json | jq -r '.images[] | "\(.repository):\(.tags[0])"')"
for base in team/base:1 "$(layout_digest base)"; do
  expect_equal "images on $base" "team/one:v1 team/two:v1" \
    "$(at image find --base "$base" --output json | jq -r '.images[] | "\(.repository):\(.tags[0])"' | xargs)"
done

it "refuses a push beyond the bytes of a quota in words that skopeo shows"
expect_failure push app-one small/app:v1
expect_match "what skopeo says" "may hold 1024 bytes and holds [0-9]+: no room for [0-9]+ more" "$OUTPUT"
expect_less "bytes that came in" "$(number logical small/)" 1025

it "refuses one tag too many, and takes the same push again"
push app-one few/app:v1
push app-one few/app:v1
expect_failure push app-one few/app:v2
expect_match "what skopeo says" "may hold 1 tags and holds 1: no room for 1 more" "$OUTPUT"
expect_match "the list" "few - 1 of 1" "$(at quota list | xargs)"

it "says what is wrong with a question"
expect_failure at usage team/none
expect_match "words" "repository" "$OUTPUT"
expect_failure at usage Team/
expect_failure at layers top 0
expect_failure at layers top many
expect_failure at image find
expect_failure at image find --layer sha256:short
expect_failure at image find --base team/base:none
expect_failure at image find --base team/base:1 --layer "$last"

it "counts the same after a restart"
restart_server --config "$WORK/shale.yaml"
expect_equal "logical" "$one" "$(number logical team/one)"
expect_equal "in flight" 40000 "$(number in_flight team/one)"
stop_server

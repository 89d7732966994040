#!/usr/bin/env bash
# cosign with a local key: signs, verifies and attests, by tag and as an OCI 1.1 referrer. No transparency log is asked.
source "$(dirname "$0")/lib/scenario.sh"
source "$LIB/server.sh"
source "$LIB/images.sh"
source "$LIB/go_tools.sh"

use_go_tools
require_command skopeo jq
prepare_layout
start_server
cd "$WORK"
export COSIGN_PASSWORD=secret COSIGN_EXPERIMENTAL=0

push() { skopeo copy --quiet --dest-tls-verify=false "oci:$LAYOUT:$1" "docker://$REGISTRY/team/$2:1"; }
image() { echo "$REGISTRY/team/$1@$(registry_digest "team/$1" 1)"; }
sign() { cosign sign --yes --key cosign.key --tlog-upload=false --allow-http-registry "$@" >>"$LOGS/cosign.log" 2>&1; }
verify() { cosign verify --key cosign.pub --insecure-ignore-tlog=true --allow-http-registry "$@" 2>>"$LOGS/cosign.log"; }
signed_digest() { jq -r '.[0].critical.image["docker-manifest-digest"]'; }

cosign generate-key-pair >>"$LOGS/cosign.log" 2>&1

it "signs an image, keeping the signature under a tag, and verifies it"
push app-one tagged
tagged=$(image tagged)
sign --new-bundle-format=false --use-signing-config=false "$tagged"
expect_equal "the digest that the signature names" "${tagged#*@}" \
  "$(verify --new-bundle-format=false "$tagged" | signed_digest)"
hex=${tagged#*@sha256:}
expect_equal "tags" "1 sha256-$hex.sig" "$(registry_tags team/tagged)"

it "signs an image, keeping the signature as a referrer, and verifies it"
push app-two referred
referred=$(image referred)
export COSIGN_EXPERIMENTAL=1
sign --registry-referrers-mode=oci-1-1 --new-bundle-format=false --use-signing-config=false "$referred"
expect_equal "the digest that the signature names" "${referred#*@}" \
  "$(verify --experimental-oci11 --new-bundle-format=false "$referred" | signed_digest)"
export COSIGN_EXPERIMENTAL=0
expect_equal "tags" "1" "$(registry_tags team/referred)"
request GET "/v2/team/referred/referrers/${referred#*@}"
expect_equal "number of referrers" 1 "$(jq '.manifests | length' body)"

it "does not verify an image that nobody signed"
push busybox unsigned
expect_failure verify "$(image unsigned)"

it "does not verify with another key"
COSIGN_PASSWORD=other cosign generate-key-pair --output-key-prefix other >>"$LOGS/cosign.log" 2>&1
expect_failure cosign verify --key other.pub --insecure-ignore-tlog=true --allow-http-registry --new-bundle-format=false "$tagged"

it "attests a predicate, and verifies the attestation"
echo '{"builder": "tests"}' >predicate.json
cosign attest --yes --key cosign.key --tlog-upload=false --allow-http-registry --new-bundle-format=false \
  --use-signing-config=false --type custom --predicate predicate.json "$tagged" >>"$LOGS/cosign.log" 2>&1
expect_equal "predicate" tests "$(cosign verify-attestation --key cosign.pub --insecure-ignore-tlog=true --allow-http-registry \
  --new-bundle-format=false --type custom "$tagged" 2>>"$LOGS/cosign.log" | jq -r '.payload | @base64d | fromjson | .predicate.Data' | jq -r .builder)"

it "signs in the bundle format, which is a referrer too, and verifies it"
push app-one bundled
bundled=$(image bundled)
sign --new-bundle-format=true --use-signing-config=false "$bundled"
cosign trusted-root create --out trusted-root.json  # an empty one: only the key is trusted
verify --new-bundle-format=true --trusted-root trusted-root.json "$bundled" >verified
request GET "/v2/team/bundled/referrers/${bundled#*@}"
expect_match "the referrer's type" 'sigstore.bundle' "$(jq -r '.manifests[].artifactType' body)"

it "copies an image with its signature"
cosign copy --allow-http-registry "$tagged" "$REGISTRY/team/copied:1" >>"$LOGS/cosign.log" 2>&1
verify --new-bundle-format=false "$(image copied)" >verified

stop_server

#!/usr/bin/env bash
# oras: arbitrary artifacts, attached to images and found again through the referrers API.
source "$(dirname "$0")/lib/scenario.sh"
source "$LIB/server.sh"
source "$LIB/images.sh"
source "$LIB/go_tools.sh"

use_go_tools
require_command skopeo jq
prepare_layout
start_server
repo=$REGISTRY/team
cd "$WORK"
plain=(--plain-http)

it "pushes files as an artifact, and pulls the same bytes"
mkdir -p files/deep
head -c 3000000 /dev/urandom >files/big.bin
echo "a note" >files/deep/note.txt
oras push "${plain[@]}" --artifact-type application/vnd.example.files --annotation "team=blue" \
  "$repo/files:1" files/big.bin:application/octet-stream files/deep/note.txt:text/plain >>"$LOGS/oras.log" 2>&1
oras pull "${plain[@]}" -o pulled "$repo/files:1" >>"$LOGS/oras.log" 2>&1
expect_same_tree files pulled/files

it "pushes a directory, and pulls the same tree"
chmod 750 files/deep
oras push "${plain[@]}" "$repo/tree:1" files >>"$LOGS/oras.log" 2>&1
oras pull "${plain[@]}" -o tree "$repo/tree:1" >>"$LOGS/oras.log" 2>&1
expect_same_tree files tree/files

it "keeps the artifact type and annotations"
oras manifest fetch "${plain[@]}" "$repo/files:1" >manifest.json
expect_equal "artifact type" application/vnd.example.files "$(jq -r .artifactType manifest.json)"
expect_equal "annotation" blue "$(jq -r .annotations.team manifest.json)"

it "attaches artifacts to an image, and discovers them"
skopeo copy --quiet --dest-tls-verify=false "oci:$LAYOUT:app-one" "docker://$repo/app:one"
echo '{"spdxVersion": "SPDX-2.3"}' >sbom.json
echo 'scanned' >scan.txt
oras attach "${plain[@]}" --artifact-type application/vnd.example.sbom "$repo/app:one" sbom.json:application/json >>"$LOGS/oras.log" 2>&1
oras attach "${plain[@]}" --artifact-type application/vnd.example.scan "$repo/app:one" scan.txt:text/plain >>"$LOGS/oras.log" 2>&1
oras discover "${plain[@]}" --format json "$repo/app:one" >discovered.json
expect_equal "artifact types" "application/vnd.example.sbom application/vnd.example.scan" \
  "$(jq -r '[(.referrers // .manifests)[].artifactType] | sort | join(" ")' discovered.json)"

it "discovers one type only, where that is asked for"
oras discover "${plain[@]}" --format json --artifact-type application/vnd.example.sbom "$repo/app:one" >discovered.json
expect_equal "number of referrers" 1 "$(jq '(.referrers // .manifests) | length' discovered.json)"

it "pulls what was attached"
sbom=$(jq -r '(.referrers // .manifests)[0].digest' discovered.json)
oras pull "${plain[@]}" -o attached "$repo/app@$sbom" >>"$LOGS/oras.log" 2>&1
cmp sbom.json attached/sbom.json

it "leaves no referrers tag behind, because the registry has the API"
expect_equal "tags" "one" "$(registry_tags team/app)"

it "copies an image together with what refers to it"
oras copy --recursive --from-plain-http --to-plain-http "$repo/app:one" "$repo/copy:one" >>"$LOGS/oras.log" 2>&1
expect_equal "number of referrers" 2 "$(oras discover "${plain[@]}" --format json "$repo/copy:one" | jq '(.referrers // .manifests) | length')"

it "backs up to an OCI layout and restores from it"
oras copy --recursive --from-plain-http --to-oci-layout "$repo/app:one" layout:one >>"$LOGS/oras.log" 2>&1
oras copy --recursive --from-oci-layout --to-plain-http layout:one "$repo/restored:one" >>"$LOGS/oras.log" 2>&1
expect_equal "digest" "$(registry_digest team/app one)" "$(registry_digest team/restored one)"

it "uploads and fetches a single blob"
blob=sha256:$(sha256_of files/big.bin)
oras blob push "${plain[@]}" "$repo/blobs@$blob" files/big.bin >>"$LOGS/oras.log" 2>&1
oras blob fetch "${plain[@]}" --output fetched.bin "$repo/blobs@$blob" >>"$LOGS/oras.log" 2>&1
cmp files/big.bin fetched.bin

it "lists repositories and tags"
expect_equal "tags" "one" "$(oras repo tags "${plain[@]}" "$repo/app" | xargs)"
expect_match "repositories" 'team/app.*team/copy.*team/files' "$(oras repo ls "${plain[@]}" "$REGISTRY" | xargs)"

it "deletes an attached artifact, which then refers no more"
oras manifest delete "${plain[@]}" --force "$repo/app@$sbom" >>"$LOGS/oras.log" 2>&1
expect_equal "number of referrers" 1 "$(oras discover "${plain[@]}" --format json "$repo/app:one" | jq '(.referrers // .manifests) | length')"

stop_server

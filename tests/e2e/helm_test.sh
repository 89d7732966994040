#!/usr/bin/env bash
# helm: a chart is packaged, pushed as an OCI artifact, pulled, shown and rendered.
source "$(dirname "$0")/lib/scenario.sh"
source "$LIB/server.sh"
source "$LIB/go_tools.sh"

use_go_tools
require_command jq
start_server
cd "$WORK"
charts=oci://$REGISTRY/charts

it "pushes a packaged chart under the digest that the registry then names"
helm create web >>"$LOGS/helm.log"
helm package web --version 1.2.3 >>"$LOGS/helm.log"
helm push web-1.2.3.tgz "$charts" --plain-http >"$WORK/push" 2>&1
expect_equal "digest" "$(awk '$1 == "Digest:" { print $2 }' push)" "$(registry_digest charts/web 1.2.3)"
request GET /v2/charts/web/manifests/1.2.3 -H "Accept: $MANIFEST_TYPES"
expect_equal "config type" application/vnd.cncf.helm.config.v1+json "$(jq -r .config.mediaType body)"

it "pulls the chart, byte for byte"
mkdir pulled
helm pull "$charts/web" --version 1.2.3 --plain-http -d pulled >>"$LOGS/helm.log" 2>&1
cmp web-1.2.3.tgz pulled/web-1.2.3.tgz

it "pulls the newest version that a range allows"
helm package web --version 1.3.0 >>"$LOGS/helm.log"
helm push web-1.3.0.tgz "$charts" --plain-http >>"$LOGS/helm.log" 2>&1
helm package web --version 2.0.0 >>"$LOGS/helm.log"
helm push web-2.0.0.tgz "$charts" --plain-http >>"$LOGS/helm.log" 2>&1
expect_equal "version" "1.3.0" "$(helm show chart "$charts/web" --version '^1.0.0' --plain-http 2>>"$LOGS/helm.log" | awk '$1 == "version:" { print $2 }')"

it "keeps versions with build metadata, whose plus becomes an underscore in the tag"
helm package web --version 2.1.0+linux >>"$LOGS/helm.log"
helm push web-2.1.0+linux.tgz "$charts" --plain-http >>"$LOGS/helm.log" 2>&1
expect_equal "tags" "1.2.3 1.3.0 2.0.0 2.1.0_linux" "$(registry_tags charts/web)"
helm pull "$charts/web" --version 2.1.0+linux --plain-http -d pulled >>"$LOGS/helm.log" 2>&1
cmp web-2.1.0+linux.tgz pulled/web-2.1.0+linux.tgz

it "renders a chart straight from the registry"
helm template shop "$charts/web" --version 1.2.3 --plain-http >rendered.yaml 2>>"$LOGS/helm.log"
grep -q '^  name: shop-web$' rendered.yaml

it "resolves a chart's dependency from the registry"
helm create shop >>"$LOGS/helm.log"
printf 'dependencies:\n- {name: web, version: 1.2.3, repository: "%s"}\n' "$charts" >>shop/Chart.yaml
helm dependency update shop --plain-http >>"$LOGS/helm.log" 2>&1
cmp web-1.2.3.tgz shop/charts/web-1.2.3.tgz

it "says that an unknown version is not found"
expect_failure helm pull "$charts/web" --version 9.9.9 --plain-http
expect_match "helm's words" 'not found' "$OUTPUT"

stop_server

#!/usr/bin/env bash
# The Helm chart and the manifests made of it: what they render is valid, refuses what cannot work, and runs; the chart
# itself is pushed to and pulled from the Shale that it started.
source "$(dirname "$0")/lib/namespaces.sh"
enter_namespaces --mount --net -- "$@"
source "$(dirname "$0")/lib/scenario.sh"
source "$LIB/server.sh"
source "$LIB/go_tools.sh"
source "$LIB/pod.sh"

require_namespaces
require_command curl jq
use_go_tools
cd "$WORK"
CHART=$ROOT/deploy/helm/shale
KUBERNETES=(--kube-version 1.37.0)  # helm by itself knows old clusters only
MADE_ELSEWHERE=(--given secret/shale-users --given secret/registry-tls --given secret/token-keys --given secret/pull
  --given persistentvolumeclaim/registry-data)

render() { helm template shale "$CHART" "${KUBERNETES[@]}" "$@"; }
check() { kubecheck "${MADE_ELSEWHERE[@]}" "$@"; }  # FILE|FOLDER
pick() { jq -r ".[] | select(.kind == \"$1\") | $2" "$OBJECTS"; }  # KIND WHAT
as_json() { python3 -c 'import json, sys, yaml; json.dump(yaml.safe_load(open(sys.argv[1])), sys.stdout)' "$1"; }
expect_refusal() {  # WORDS HELM'S OPTIONS...
  expect_failure render "${@:2}"
  expect_match "helm's words" "$1" "$OUTPUT"
}

prepare_node
mkdir "$GIVEN/registry-tls" "$GIVEN/shale-users" "$GIVEN/token-keys"
"$BINARY" tls self-signed --host registry.example.com --host localhost --out "$WORK/tls" >>"$LOGS/tls.log" 2>&1
cp tls/shale.crt "$GIVEN/registry-tls/tls.crt"
cp tls/shale.key "$GIVEN/registry-tls/tls.key"
echo '{"keys": []}' >"$GIVEN/token-keys/keys.json"
add_user() { "$BINARY" user add "$1" --file "$GIVEN/shale-users/htpasswd" <<<"$1-secret" 2>>"$LOGS/users.log"; }
add_user alice

it "renders objects that an API server takes, with settings that Shale takes"
for values in "$CHART"/ci/*-values.yaml; do
  helm lint --strict "${KUBERNETES[@]}" --values "$values" "$CHART" >"$LOGS/lint.log"
  render --values "$values" >rendered.yaml
  check rendered.yaml >"$OBJECTS"
  take_pod
  mount_volumes
  enter_pod
  "${AS_POD[@]}" check-config --output json >in-force.json 2>>"$LOGS/check-config.log"
  case $values in
    */full-*)
      expect_equal "what is in force" '["https://:5000"] 1000000 2m false team-a prod/**' "$(jq -r \
        '"\(.server.listen) \(.limits.connections) \(.timeouts.drain) \(.log.access) \(.quotas[0].namespace) \(.rules[0].repositories[0])"' in-force.json)"
      expect_equal "the time to end" 146 "$(pick StatefulSet .spec.template.spec.terminationGracePeriodSeconds)"
      ;;
    */monitored-*)
      # The operator takes what jobLabel names on the Service for the job of what is scraped there.
      label=$(pick ServiceMonitor .spec.jobLabel)
      job=$(pick Service "select(.spec.ports[].name == \"metrics\").metadata.labels[\"$label\"]")
      absent=$(pick PrometheusRule '.spec.groups[].rules[] | select(.alert == "ShaleAbsent").expr')
      jobs=$(sed -n 's/.*job=~"\([^"]*\)".*/\1/p' <<<"$absent")
      [[ -n $jobs ]] || fail "ShaleAbsent looks at no job: $absent"
      expect_match "the job" "^$jobs\$" "$job"
      expect_equal "the alerts" "$(as_json "$ROOT/deploy/prometheus/alerts.yaml" | jq -c '[.groups[].rules[].alert]')" \
        "$(pick PrometheusRule '[.spec.groups[].rules[].alert]' | jq -c .)"
      ;;
  esac
  echo "        $(jq length "$OBJECTS") objects of ${values##*/}"
done

it "has its defaults for the end of a pod, and its version, from Shale"
enter_pod
expect_equal "the defaults" '20s 0ms' "$("$BINARY" check-config --output json | jq -r '.timeouts | "\(.drain) \(.drain_delay)"')"
expect_equal "the version" "$("$BINARY" version | awk 'NR == 1 { print $2 }')" "$(helm show chart "$CHART" | awk '$1 == "appVersion:" { print $2 }')"

it "asks who may log in, and says what it sets by itself"
secured=(--set users.existingSecret=shale-users)
expect_refusal 'nobody could log in.*anonymous-everything'
expect_refusal 'nobody could log in' --set-string policy.text='rules: []'
expect_refusal 'config.server.listen is set by this chart' "${secured[@]}" --set 'config.server.listen={:80}'
expect_refusal 'config.auth.htpasswd is set by this chart: use users' "${secured[@]}" --set config.auth.htpasswd=/users
expect_refusal 'only one of them' "${secured[@]}" --set users.htpasswd=a:b
expect_refusal 'ingress.hosts has to name a host' "${secured[@]}" --set ingress.enabled=true
expect_refusal 'need metrics.enabled' "${secured[@]}" --set metrics.serviceMonitor.enabled=true

it "refuses values that it does not know, and those of a wrong form"
for wrong in image.tga=1 users.exitingSecret=x replicas=2 config.server.insecure=yes config.auth.robots=maybe service.port=0 \
  persistence.size=much config.timeouts.drain=soon config.timeouts.drain_delay=5 'persistence.accessModes={ReadOnlyMany}' image.digest=sha256:abc \
  users.existingSecret=Not_A_Name metrics.port=5000; do
  expect_refusal 'values don.t meet the specifications of the schema' "${secured[@]}" --set "$wrong"
done

it "has manifests for those without Helm that are the chart's, and that kustomize builds"
"$ROOT/deploy/kubernetes/generate" | diff "$ROOT/deploy/kubernetes/shale.yaml" - ||
  fail "deploy/kubernetes/shale.yaml is not what deploy/kubernetes/generate makes"
check "$ROOT/deploy/kubernetes" >"$OBJECTS"
expect_equal "the image" "$(pick StatefulSet '.spec.template.spec.containers[0].image')" "$(render "${secured[@]}" | awk '$1 == "image:" { gsub("\"", "", $2); print $2 }')"

it "tells of each value in its README"
for key in $(jq -r '([], paths(objects)) as $at | getpath($at) | select(has("properties")) | .properties | keys[] as $key |
  select(.[$key].properties | not) | $at + [$key] | map(select(. != "properties")) | select(index("items") | not) |
  join(".")' "$CHART/values.schema.json"); do
  grep -qF "\`$key\`" "$CHART/README.md" || fail "README.md does not tell of $key"
done

it "replaces the pod when settings change, and only then"
checksum() { render "${secured[@]}" "$@" | awk '$1 == "checksum/config:" { print $2 }'; }
before=$(checksum)
expect_match "the checksum" '^[0-9a-f]{64}$' "$before"
expect_equal "the checksum with another limit of memory" "$before" "$(checksum --set resources.limits.memory=1Gi)"
[[ $before != "$(checksum --set config.log.level=debug)" ]] || fail "the pod does not see its new settings"

it "runs as the manifest says: without rights, on a root that cannot be written"
cat >policy.yaml <<'END'
rules:
  - {allow: [pull, push], subjects: [user:alice], repositories: ['charts/**']}
END
secure=(--set tls.existingSecret=registry-tls --set metrics.enabled=true --set-file policy.text=policy.yaml)
render "${secured[@]}" "${secure[@]}" >rendered.yaml
check rendered.yaml >"$OBJECTS"
take_pod
rm -rf /etc/shale
mount_volumes
start_pod
for name in startupProbe livenessProbe readinessProbe; do wait_until 60 "an answer to the $name" probe $name; done
request GET "http://127.0.0.1:5001/metrics"
expect_status 200
expect_match "a process' rights" $'CapEff:\t0+\n.*NoNewPrivs:\t1' "$(grep -E '^(CapEff|NoNewPrivs)' "/proc/${DAEMON_PID[server]}/status")"
expect_equal "its user" 65532 "$(stat -c %u "/proc/${DAEMON_PID[server]}")"
touch_root() { "${AS_POD[@]}" tls self-signed --host x --out /usr/lib; }
expect_failure touch_root

it "takes the chart by helm push, and gives it back for helm pull and helm template"
REGISTRY=localhost:5000
charts=oci://$REGISTRY/charts
trust=(--ca-file "$WORK/tls/shale.crt")
helm registry login "${trust[@]}" -u alice --password-stdin "$REGISTRY" <<<alice-secret >>"$LOGS/helm.log" 2>&1
helm package "$CHART" >>"$LOGS/helm.log"
version=$(helm show chart "$CHART" | awk '$1 == "version:" { print $2 }')
helm push "shale-$version.tgz" "$charts" "${trust[@]}" >>"$LOGS/helm.log" 2>&1
mkdir pulled
helm pull "$charts/shale" --version "$version" -d pulled "${trust[@]}" >>"$LOGS/helm.log" 2>&1
cmp "shale-$version.tgz" "pulled/shale-$version.tgz"
helm template shale "$charts/shale" --version "$version" "${trust[@]}" "${KUBERNETES[@]}" "${secured[@]}" >from-registry.yaml 2>>"$LOGS/helm.log"
render "${secured[@]}" | diff - from-registry.yaml
expect_failure helm push "shale-$version.tgz" "oci://$REGISTRY/elsewhere" "${trust[@]}"

it "sees users, a policy and a certificate change without a restart"
add_user bob
sed -i 's/user:alice/user:bob/' policy.yaml
render "${secured[@]}" "${secure[@]}" >rendered.yaml
check rendered.yaml >"$OBJECTS"
take_pod
"$BINARY" tls self-signed --host localhost --out "$WORK/renewed" >>"$LOGS/tls.log" 2>&1
cp renewed/shale.crt "$GIVEN/registry-tls/tls.crt"
cp renewed/shale.key "$GIVEN/registry-tls/tls.key"
mount_volumes
pulls() {  # NAME STATUS
  request GET https://localhost:5000/v2/charts/shale/tags/list --cacert renewed/shale.crt -u "$1:$1-secret"
  [[ $STATUS == "$2" ]]
}
wait_until 30 "bob to be let in" pulls bob 200
wait_until 30 "alice to be kept out" pulls alice 403

it "takes changed settings by a command in the pod, where they do not replace it"
expect_equal "what is said" "log level: info" "$("${AS_POD[@]}" log-level)"
render "${secured[@]}" "${secure[@]}" --set config.log.level=debug,rollOnConfigChange=false >rendered.yaml
if grep -q checksum/config rendered.yaml; then fail "a changed setting would replace the pod"; fi
check rendered.yaml >"$OBJECTS"
mount_volumes
"${AS_POD[@]}" reload >"$LOGS/reload.log" 2>&1
expect_equal "what is said" "log level: debug" "$("${AS_POD[@]}" log-level)"

it "answers commands run in the pod, and ends well"
expect_match "the usage" 'charts/shale' "$("${AS_POD[@]}" usage)"
stop_server

# Otherwise a kubelet would let the group into all that lies there, and Shale would not use keys that others can read.
it "leaves the root of its volume as a kubelet made it"
expect_equal "mode and group" "2775 $GROUP" "$(stat -c '%a %g' /var/lib/shale)"

it "proves its store where the pod is stopped"
"${AS_POD[@]}" fsck >"$LOGS/fsck.log" 2>&1

it "starts again on what it kept"
start_pod
pulls bob 200 || fail "the charts are gone: $STATUS"
expect_equal "tags" "$version" "$(jq -r '.tags | join(" ")' body)"
stop_server

#!/usr/bin/env bash
# Debian's Prometheus scrapes a server under load: what it knows is what was done, and all that deploy/ has for it works.
source "$(dirname "$0")/lib/scenario.sh"
source "$LIB/server.sh"
source "$LIB/private_ca.sh"

require_command curl jq openssl prometheus promtool
cd "$WORK"
ALERTS=$ROOT/deploy/prometheus/alerts.yaml
DASHBOARD=$ROOT/deploy/grafana/dashboard.json
control() { "$BINARY" "$@" --data-dir "$DATA"; }
check() { python3 "$LIB/monitoring.py" "$@" || fail "monitoring.py $1"; }

it "has alerts that promtool takes, each of which fires when it should"
promtool check rules --lint=all --lint-fatal "$ALERTS" >promtool.out 2>&1 || fail "$(cat promtool.out)"
promtool test rules "$ROOT/deploy/prometheus/alerts_test.yaml" >promtool.out 2>&1 || fail "$(cat promtool.out)"

# ---- a server that has everything ------------------------------------------------------------------------------------

make_ca
issue "$WORK/server" IP:127.0.0.1
for user in alice prometheus bob; do "$BINARY" user add "$user" --file users <<<"$user-secret" 2>>"$LOGS/users.log"; done
cat >policy.yaml <<'END'
rules:
  - {allow: [pull, push, overwrite, delete], subjects: [user:alice], repositories: ['**']}
  - {allow: [pull], subjects: [user:bob], repositories: ['**']}
END
own=127.0.0.1:$(free_port) tls=127.0.0.1:$(free_port) prometheus=127.0.0.1:$(free_port)
start_server --listen "https://$tls" --tls.certificates server.crt --tls.keys server.key --storage.history 0ms \
  --auth.htpasswd users --auth.policy policy.yaml --metrics.listen "$own" --metrics.readers prometheus \
  --metrics.repositories 5

it "shows its metrics to those who may read them, and on an address of its own to whoever comes there"
request GET /metrics
expect_status 401
request GET /metrics -u bob:bob-secret
expect_status 403
request GET /metrics -u prometheus:prometheus-secret
expect_status 200
expect_equal "the type" 'text/plain; version=0.0.4; charset=utf-8' "$(header content-type)"
request GET /v2/load/tags/list -u prometheus:prometheus-secret
expect_status 403
request GET "http://$own/metrics"
expect_status 200
request GET "http://$own/v2/" -u alice:alice-secret
expect_status 404
request GET "http://$own/api/v1/status" -u alice:alice-secret
expect_status 404

# ---- scraped under load ----------------------------------------------------------------------------------------------

cat >prometheus.yaml <<END
global: {scrape_interval: 1s, evaluation_interval: 1s}
rule_files: [$ALERTS]
scrape_configs:
  - job_name: shale
    basic_auth: {username: prometheus, password: prometheus-secret}
    static_configs: [{targets: ['$REGISTRY']}]
  - job_name: shale-own
    static_configs: [{targets: ['$own']}]
END
start_daemon prometheus prometheus --config.file prometheus.yaml --storage.tsdb.path tsdb --log.level warn \
  --web.listen-address "$prometheus"
wait_until 60 "Prometheus" curl -sf "http://$prometheus/-/ready"
# The value of a query, an empty word for none.
ask() { curl -sS --max-time 30 --data-urlencode "query=$1" "http://$prometheus/api/v1/query" | jq -r '.data.result[0].value[1] // ""'; }
has_scraped() { [[ $(ask 'sum(up)') == 2 ]]; }
wait_until 60 "both scrapes" has_scraped

load() { python3 "$LIB/counted_load.py" "$1" alice:alice-secret "$2" "$CA.crt"; }
load "http://$REGISTRY,http://$REGISTRY,https://$tls" 10 >did.json
did() { jq ".$1" did.json; }
echo "        $(did requests) requests: $(jq -c . did.json)"

counted() { [[ $(ask "sum($1{job=\"shale\"$2})") == "$3" ]]; }
# The last scrape may have been before the last request.
expect_counted() {  # METRIC MATCHERS NUMBER
  wait_until 10 "$1{$2} to be $3: it is $(ask "sum($1{job=\"shale\"$2})")" counted "$@"
}

it "has counted what the clients did, no more and no less"
expect_counted shale_manifest_pulls_total "" "$(did manifests_pulled)"
expect_counted shale_manifest_pushes_total "" "$(did manifests_pushed)"
expect_counted shale_blob_pushes_total "" "$(did blobs_pushed)"
expect_counted shale_blob_pulls_total "" "$(did blobs_pulled)"
expect_counted shale_blob_pull_bytes_total "" "$(did blob_bytes_pulled)"
expect_counted shale_blob_mounts_total "" "$(did mounted)"
expect_counted shale_uploads_ended_total ', how="cancelled"' "$(did cancelled)"
expect_counted shale_uploads_open "" 0
expect_counted shale_http_requests_total ', route=~".*/manifests/.*", method="PUT", code="2xx"' "$(did manifests_pushed)"
expect_counted shale_http_requests_total ', route=~".*/blobs/.*", method="HEAD", code="4xx"' "$(did unknown)"
expect_counted shale_http_request_duration_seconds_count ', route=~".*/manifests/.*", method="GET"' "$(did manifests_pulled)"
expect_counted shale_blobs "" "$(did blobs_pushed)"
expect_counted shale_repositories "" 8
expect_equal "server errors" '' "$(ask 'sum(shale_http_requests_total{code="5xx"})')"

it "counts five repositories by their names, and all others together"
expect_counted shale_repository_pushes_total "" "$(did manifests_pushed)"
expect_counted shale_repository_pulls_total "" "$(did manifests_pulled)"
expect_equal "series" 6 "$(ask 'count(shale_repository_pushes_total{job="shale"})')"
expect_equal "the others" 1 "$(ask 'sum(shale_repository_pushes_total{job="shale", repository="(others)"} > bool 0)')"

it "answers what an operator asks: rates, quantiles, who logged in, is it up"
positive() { expect_match "$1" '^[0-9.e+-]+$' "$(ask "($1) > 0")"; }
positive 'sum(rate(shale_http_requests_total{job="shale", code="2xx"}[20s]))'
positive 'sum(rate(shale_fsync_duration_seconds_count{job="shale", of="metadata_log"}[20s]))'
positive 'sum(rate(shale_fsync_duration_seconds_count{job="shale", of="blob"}[20s]))'
positive 'histogram_quantile(0.9, sum by (le) (rate(shale_http_request_duration_seconds_bucket{job="shale"}[20s])))'
positive 'histogram_quantile(0.9, sum by (le) (rate(shale_pool_wait_seconds_bucket{job="shale"}[20s])))'
positive 'shale_tls_handshakes_total{job="shale"}'
positive 'shale_logins_total{job="shale", source="user", outcome="accepted"}'
positive '1 - shale_stored_bytes{job="shale"} / shale_logical_bytes{job="shale"}'
expect_equal "checks of /readyz that are fine" 4 "$(ask 'sum(shale_ready{job="shale"})')"
expect_equal "targets that were hardly up meanwhile" '' "$(ask 'avg_over_time(up[15s]) < 0.5')"
expect_equal "pushes, by the address of its own" "$(did manifests_pushed)" \
  "$(ask 'sum(shale_manifest_pushes_total{job="shale-own"})')"

# ---- what an operator has of it --------------------------------------------------------------------------------------

it "shows exactly the metrics that metrics/README.md has"
request GET "/v2/load/0/tags/list" -u alice:guess
expect_status 401
request HEAD /v2/load/1/manifests/of-0-0 -u alice:alice-secret -H "Accept: $MANIFEST_TYPES"
request DELETE "/v2/load/1/manifests/$(header docker-content-digest)" -u alice:alice-secret
expect_status 202
control gc run --now >/dev/null
control scrub run --wait >/dev/null 2>&1
request GET /metrics -u prometheus:prometheus-secret
cp body scrape
promtool check metrics <scrape >promtool.out 2>&1 || fail "promtool check metrics: $(cat promtool.out)"
expect_equal "what promtool says of the metrics" '' "$(cat promtool.out)"
check table "$ROOT/metrics/README.md" scrape

it "makes no alert, and names nothing in alerts and dashboard that is not there"
curl -sS "http://$prometheus/api/v1/rules" >rules
expect_equal "alerts that could not be evaluated" '' "$(jq -r '.data.groups[].rules[] | select(.health != "ok").name' rules)"
expect_equal "alerts that fire" '' "$(jq -r '.data.groups[].rules[] | select(.state == "firing").name' rules)"
check names scrape rules "$DASHBOARD"
check runbooks rules "$ROOT"

it "fills each panel of the dashboard"
check layout "$DASHBOARD"
has_scrub() { [[ -n $(ask 'shale_scrub_last_end_timestamp_seconds{job="shale"}') ]]; }
wait_until 20 "the scrub to be scraped" has_scrub
check dashboard "$DASHBOARD" "http://$prometheus" "$REGISTRY"

it "makes an alert that somebody can read when there is a reason"
issue "$WORK/server" IP:127.0.0.1 1
control reload >/dev/null
alert() { curl -sS "http://$prometheus/api/v1/alerts" | jq -r '.data.alerts[] | select(.state == "firing" and .labels.job == "shale")'; }
fires() { [[ -n $(alert) ]]; }
wait_until 30 "the alert" fires
expect_equal "the alert" ShaleCertificateExpires "$(alert | jq -r .labels.alertname)"
expect_equal "its words" "server.crt of $REGISTRY is about to expire, or has expired" "$(alert | jq -r .annotations.summary)"

stop_daemon prometheus
stop_server

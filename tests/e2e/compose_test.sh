#!/usr/bin/env bash
# deploy/compose.yaml: what it names is there, its programs take what it gives them, and Prometheus sees Shale.
source "$(dirname "$0")/lib/scenario.sh"
source "$LIB/server.sh"

require_command docker-compose promtool prometheus jq
deploy=$ROOT/deploy

it "is a compose file that names what is there"
# The older compose of Debian, which takes every key that it knows from the same specification.
docker-compose -f "$deploy/compose.yaml" config >"$WORK/compose.yaml" 2>"$LOGS/compose.log"
as_json() { python3 -c 'import json, sys, yaml; json.dump(yaml.safe_load(open(sys.argv[1])), sys.stdout)' "$1"; }
as_json "$WORK/compose.yaml" >"$WORK/compose.json"
expect_equal "services" "grafana prometheus shale" "$(jq -r '.services | keys | join(" ")' "$WORK/compose.json")"
jq -r '.services[].volumes[] | split(":")[0] | select(startswith("/"))' "$WORK/compose.json" >"$WORK/mounts"
expect_equal "folders of this tree" 2 "$(wc -l <"$WORK/mounts")"
while read -r mount; do [[ -d $mount ]] || fail "there is no $mount"; done <"$WORK/mounts"
expect_equal "the port of the metrics" "$(jq -r '.services.shale.environment.SHALE_METRICS__LISTEN' "$WORK/compose.json")" \
  ":$(as_json "$deploy/prometheus/prometheus.yml" | jq -r '.scrape_configs[0].static_configs[0].targets[0]' | cut -d: -f2)"
expect_equal "how Shale's health is asked for" 'CMD shale status --live' "$(jq -r '.services.shale.healthcheck.test | join(" ")' "$WORK/compose.json")"

it "gives Grafana the Prometheus that it starts, and the folder that has the dashboard"
as_json "$deploy/grafana/provisioning/datasources/prometheus.yaml" >"$WORK/source.json"
expect_equal "where Prometheus is" http://prometheus:9090 "$(jq -r '.datasources[0].url' "$WORK/source.json")"
grafana=$(jq -r '.services.grafana.volumes[] | select(startswith("/")) | split(":")[1]' "$WORK/compose.json")
expect_equal "where dashboards are" "$grafana" \
  "$(as_json "$deploy/grafana/provisioning/dashboards/shale.yaml" | jq -r '.providers[0].options.path')"
jq -e .panels "$deploy/grafana/dashboard.json" >/dev/null || fail "the dashboard is no dashboard"
expect_equal "where it is told so" "$grafana/provisioning" \
  "$(jq -r '.services.grafana.environment.GF_PATHS_PROVISIONING' "$WORK/compose.json")"

it "gives Prometheus a configuration that it takes"
cp -r "$deploy/prometheus" "$WORK/prometheus"
promtool check config "$WORK/prometheus/prometheus.yml" >"$LOGS/promtool.log"

it "starts Shale with the settings that it gives it, and Prometheus sees it"
metrics=127.0.0.1:$(free_port)
while read -r variable; do export "${variable?}"; done < <(
  jq -r '.services.shale.environment | to_entries[] | "\(.key)=\(.value)"' "$WORK/compose.json")
SHALE_CONFIG=$deploy/image/shale.yaml "$BINARY" check-config >"$LOGS/check-config.log"
start_server --metrics.listen "$metrics"
web=127.0.0.1:$(free_port)
sed -i -e "s/shale:5001/$metrics/" -e 's/_interval: 15s/_interval: 1s/' "$WORK/prometheus/prometheus.yml"
start_daemon prometheus prometheus --config.file="$WORK/prometheus/prometheus.yml" --storage.tsdb.path="$WORK/tsdb" \
  --web.listen-address="$web"
ask() { curl -sS --max-time 10 -G "http://$web/api/v1/query" --data-urlencode "query=$1" | jq -r '.data.result[0].value[1]'; }
is_seen() { [[ $(ask 'up{job="shale"}') == 1 ]]; }
wait_until 60 "Prometheus to see Shale" is_seen

stop_server

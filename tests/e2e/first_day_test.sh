#!/usr/bin/env bash
# Somebody who has never seen Shale follows deploy/README.md on a clean machine: installs it, lets a team in, watches it,
# changes a policy, upgrades it under pushes. What the guide has in blocks is taken out of it, word for word.
source "$(dirname "$0")/lib/scenario.sh"
source "$LIB/server.sh"
source "$LIB/images.sh"
source "$LIB/package.sh"

require_package_tools
require_command skopeo jq prometheus
GUIDE=$ROOT/deploy/README.md
cd "$WORK"

# The indented block of the guide that begins with a line, without its margin.
from_guide() {  # FIRST_LINE
  awk -v first="$1" '
    index($0, first) && !found { found = 1; match($0, /^ */); margin = RLENGTH }
    found { if (substr($0, 1, margin) ~ /[^ ]/ || length($0) <= margin) exit; print substr($0, margin + 1) }' "$GUIDE" |
    grep . || fail "the guide has no block that begins with '$1'"
}

it "makes the package and installs it on a machine that has nothing"
grep -q '^    deploy/package ' "$GUIDE" || fail "the guide does not say how"
old=$(make_package)
new=$(make_next "$old")
prepare_chroot
cp "$old" "$new" "$CHROOT/tmp"
install_package "${old##*/}"

it "has a certificate, users, a policy and a configuration as the guide says"
inside shale tls self-signed --host 127.0.0.1 --out /etc/shale >"$LOGS/tls.log"
chroot "$CHROOT" chown shale /etc/shale/shale.crt /etc/shale/shale.key
for user in olga alice bob prometheus; do
  chroot "$CHROOT" shale user add "$user" --file /etc/shale/users <<<"$user-secret" 2>>"$LOGS/users.log"
done
chroot "$CHROOT" chown shale /etc/shale/users
from_guide '       groups: {team: [alice, bob]' >"$CHROOT/etc/shale/policy.yaml"
sed -i 's/team: \[alice, bob\]/team: [alice]/' "$CHROOT/etc/shale/policy.yaml"
from_guide '       server: {listen: ["https://:443"]}' >>"$CHROOT/etc/shale/shale.yaml"
REGISTRY=127.0.0.1:$(free_port)
metrics=127.0.0.1:$(free_port)
sed -i "s,https://:443,https://$REGISTRY," "$CHROOT/etc/shale/shale.yaml"
grep -q 'metrics: {readers: \[prometheus\]}' "$GUIDE" || fail "the guide does not say who may scrape"
echo "metrics: {readers: [prometheus], listen: ['$metrics']}" >>"$CHROOT/etc/shale/shale.yaml"
inside shale check-config --config /etc/shale/shale.yaml >/dev/null

it "serves over TLS, and the doctor and the status say that all is well"
start_manager
start_service
cp "$CHROOT/etc/shale/shale.crt" ca.crt
SHALE_PASSWORD=olga-secret "$BINARY" doctor "https://$REGISTRY" --user olga --ca ca.crt >doctor.log || fail "the doctor: $(grep -v "^ok" doctor.log)"
inside shale status >status.log || fail "$(cat status.log)"

it "takes the team's pushes and nobody else's"
prepare_layout
mkdir certs
cp ca.crt certs/ca.crt
copy() {  # USER IMAGE REFERENCE [OPTIONS]
  skopeo copy --quiet --dest-cert-dir certs --dest-creds "$1:$1-secret" "${@:4}" "oci:$LAYOUT:$2" "docker://$REGISTRY/$3"
}
copy alice busybox team/busybox:1
expect_failure copy bob busybox team/busybox:2

it "shows the dashboard real data"
cat >prometheus.yaml <<END
global: {scrape_interval: 1s, evaluation_interval: 1s}
rule_files: [$ROOT/deploy/prometheus/alerts.yaml]
scrape_configs:
  - job_name: shale
    scheme: https
    tls_config: {ca_file: $WORK/ca.crt}
    basic_auth: {username: prometheus, password: prometheus-secret}
    static_configs: [{targets: ['$REGISTRY']}]
END
# With metrics.listen, everything is there; the main address has it no more than anybody's.
sed -i "/scheme: https/d; /tls_config/d; /basic_auth/d; s,'$REGISTRY','$metrics'," prometheus.yaml
web=127.0.0.1:$(free_port)
start_daemon prometheus prometheus --config.file prometheus.yaml --storage.tsdb.path tsdb --log.level warn --web.listen-address "$web"
ask() { curl -sS --max-time 30 --data-urlencode "query=$1" "http://$web/api/v1/query" | jq -r '.data.result[0].value[1] // ""'; }
has_pushes() { [[ $(ask 'shale_manifest_pushes_total') -ge 1 ]]; }
wait_until 60 "the push to be seen" has_pushes
expect_equal "the repositories" 1 "$(ask 'shale_repositories')"

it "lets bob in after a changed policy and a reload, and keeps the old one when the new one is wrong"
sed -i 's/team: \[alice\]/team: [alice, bob]/' "$CHROOT/etc/shale/policy.yaml"
inside shale reload >reload.log
expect_match "what was read" 'policy' "$(cat reload.log)"
copy bob busybox team/busybox:2
cp "$CHROOT/etc/shale/policy.yaml" policy.good
sed -i 's/allow: \[pull\]/allow: [pul]/' "$CHROOT/etc/shale/policy.yaml"
expect_failure inside shale reload
expect_match "the words" 'policy.yaml:[0-9]+' "$OUTPUT"
copy bob busybox team/busybox:3
cp policy.good "$CHROOT/etc/shale/policy.yaml"

it "is upgraded without a failed push"
pretend_systemd
mkdir ledger
pushes() {
  local n=0
  until [[ -e enough ]]; do
    n=$((n + 1))
    if copy alice busybox "team/pushed:$n" --retry-times 8 2>>"$LOGS/pushes.log"; then
      touch "ledger/$n"
    else
      touch failed
    fi
  done
}
pushes &
by=$!
pushed() { [[ -e ledger/2 ]]; }
wait_until 30 "pushes to be under way" pushed
apt install "/tmp/${new##*/}" || fail "it cannot be upgraded: $(tail -n 5 "$LOGS/apt.log")"
expect_equal "what systemd was asked" "try-restart shale.service" "$(asked)"
stop_server
start_service
before=$(find ledger -type f | wc -l)
more() { (($(find ledger -type f | wc -l) > before + 1)); }
wait_until 60 "pushes to go on" more
touch enough
wait "$by"
[[ ! -e failed ]] || fail "a push failed: $(tail -n 3 "$LOGS/pushes.log")"
for n in ledger/*; do
  skopeo inspect --raw --cert-dir certs --creds alice:alice-secret "docker://$REGISTRY/team/pushed:${n##*/}" >/dev/null
done
echo "        $(find ledger -type f | wc -l) pushes, none of which failed"

it "finds the words that the program says in the guide's list of symptoms"
# What the guide quotes is what the program says, unless docker or the proxy says it.
mapfile -t quoted < <(awk '/^## When something is wrong/ { on = 1 } on' "$GUIDE" | grep -oE '^\| [^|]*' | grep -v '^| docker' |
  grep -oE '"[^".]+"' | tr -d '"' | sort -u)
expect_less "too few quotes" 5 "${#quoted[@]}"
for words in "${quoted[@]}"; do
  grep -qaF -- "$words" "$BINARY" || fail "the program never says '$words'"
done
stop_daemon prometheus
stop_server

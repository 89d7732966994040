#!/usr/bin/env bash
# Somebody who has never seen Shale follows deploy/README.md on a clean machine: installs it, lets a team in, watches it,
# changes a policy, upgrades it under pushes, and looks up what is wrong. Every command and every line of a file is taken out
# of the guide; another name and port than those of its example, and passwords, are all that is put into them.
source "$(dirname "$0")/lib/scenario.sh"
source "$LIB/server.sh"
source "$LIB/images.sh"
source "$LIB/package.sh"
source "$LIB/guide.sh"
source "$LIB/private_ca.sh"

require_package_tools
require_command skopeo jq prometheus curl
cd "$WORK"
REGISTRY=127.0.0.1:$(free_port)
here() {
  sed -e "s,https://registry.example.com,https://$REGISTRY," -e "s,registry.example.com:443,$REGISTRY," \
    -e "s,registry.example.com,${REGISTRY%:*}," -e "s,https://:443,https://$REGISTRY,"
}
# Does what a block says, as root there, in the folder of the sources.
do_as_told() {  # BEGINNING_OF_A_LINE
  local commands
  commands=$(from_guide "$1" | here)
  inside sh -ec "cd /root; $commands"
}

it "makes the package and installs it on a machine that has nothing"
mapfile -t steps < <(from_guide 'deploy/package ' | sed 's/ *#.*//')
expect_equal "how it is made" deploy/package "${steps[0]}"
mkdir sources
cp -r "$ROOT/deploy" sources
DEBEMAIL=shale@registry.example sources/deploy/package --binary "$BINARY" >package.path 2>>"$LOGS/package.log"
prepare_chroot
mount -t proc proc "$CHROOT/proc" || skip "nothing can be mounted here"
cp -r sources/build "$CHROOT/root"
# It asks whether it may, as for every package that needs others.
cat >"$CHROOT/etc/apt/apt.conf.d/99test" <<'END'
APT::Get::Assume-Yes "true";
APT::Install-Recommends "false";
Binary::apt::APT::Keep-Downloaded-Packages "true";
END
install_as_told() { inside DEBIAN_FRONTEND=noninteractive sh -c "cd /root; ${steps[1]}" >>"$LOGS/apt.log" 2>&1; }
install_as_told || { apt update && install_as_told; } || fail "it cannot be installed: $(tail -n 5 "$LOGS/apt.log")"
find "$CHROOT/var/cache/apt/archives" -name '*.deb' -exec cp -n -t "$CACHE/debs" {} +

it "has a certificate, users, a policy and a configuration as the guide says"
do_as_told 'shale tls self-signed' >"$LOGS/tls.log"
mapfile -t steps < <(from_guide 'shale user add olga')
for step in "${steps[@]}"; do
  name=$(sed -n 's/^shale user add \([a-z]*\) .*/\1/p' <<<"$step")
  inside sh -c "$step" <<<"$name-secret" 2>>"$LOGS/users.log"
done
from_guide 'groups: {team: [alice, bob]' | sed 's/team: \[alice, bob\]/team: [alice]/' >"$CHROOT/etc/shale/policy.yaml"
expect_match "the trial" '^allowed' "$(do_as_told 'shale policy test')"
from_guide 'server: {listen: ["https://:443"]}' | here >>"$CHROOT/etc/shale/shale.yaml"

it "serves over TLS, and the doctor and the status say that all is well"
mapfile -t steps < <(from_guide 'runuser -u shale -- shale check-config')
inside sh -c "${steps[0]}" >/dev/null
expect_equal "what comes then" "systemctl restart shale" "${steps[1]}"
start_manager
start_service
do_as_told 'shale doctor' <<<olga-secret >doctor.log || fail "the doctor: $(grep -v "^ok" doctor.log)"
inside shale status >status.log || fail "$(cat status.log)"

it "takes the team's pushes and nobody else's"
prepare_layout
mkdir certs
cp "$CHROOT/etc/shale/shale.crt" certs/ca.crt
copy() {  # USER IMAGE REFERENCE [OPTIONS]
  skopeo copy --quiet --dest-cert-dir certs --dest-creds "$1:$1-secret" "${@:4}" "oci:$LAYOUT:$2" "docker://$REGISTRY/$3"
}
pull() {  # USER REFERENCE
  rm -rf pulled
  skopeo copy --quiet --src-cert-dir certs --src-creds "$1:$1-secret" "docker://$REGISTRY/$2" oci:pulled:x
}
copy alice busybox team/busybox:1
expect_failure copy bob busybox team/busybox:2

it "is scraped by an account of the scraper's own, and its numbers fill each panel of the dashboard"
inside sh -c "$(from_guide 'shale user add prometheus')" <<<prometheus-secret 2>>"$LOGS/users.log"
from_guide 'metrics: {readers: [prometheus]' >>"$CHROOT/etc/shale/shale.yaml"
stop_server
start_service
expect_failure copy prometheus busybox team/busybox:1
mkdir prometheus
cp certs/ca.crt prometheus/shale.crt
cp "$ROOT/deploy/prometheus/alerts.yaml" prometheus
(umask 077 && echo prometheus-secret >prometheus/shale.password)
{
  echo 'global: {scrape_interval: 1s, evaluation_interval: 1s}'
  from_guide 'rule_files:' | here | sed "s,/etc/prometheus,$WORK/prometheus,"
} >prometheus.yaml
web=127.0.0.1:$(free_port)
start_daemon prometheus prometheus --config.file prometheus.yaml --storage.tsdb.path tsdb --log.level warn \
  --web.listen-address "$web"
inside shale scrub run --wait >"$LOGS/scrub.log"
# A day has pulls and pushes.
filled() {
  pull alice team/busybox:1
  copy alice base team/base:1
  python3 "$LIB/monitoring.py" dashboard "$ROOT/deploy/grafana/dashboard.json" "http://$web" "$REGISTRY" 2>"$LOGS/empty-panels.log"
}
wait_until 90 "each panel to be filled" filled
ask() { curl -sS --max-time 30 --data-urlencode "query=$1" "http://$web/api/v1/query" | jq -r '.data.result[0].value[1]'; }
expect_equal "the repositories" 2 "$(ask shale_repositories)"
echo "        NOT SHOWN: Grafana draws them (it is not started; the panels' queries are put to Prometheus)"

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
cp "$(make_next "$(cat package.path)")" "$CHROOT/root/build/package/shale_NEWER.deb"
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
do_as_told 'apt install ./build/package/shale_NEWER.deb' >>"$LOGS/apt.log" 2>&1 ||
  fail "it cannot be upgraded: $(tail -n 5 "$LOGS/apt.log")"
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

it "fails in the ways that the guide's list of symptoms has, and is mended as that says"
# Whatever is said of it is gathered.
is_refused() {  # COMMAND...
  expect_failure "$@"
  echo "$OUTPUT" >>said
}
as_shale=(timeout 60 chroot "$CHROOT" runuser -u shale --)
reload() { inside shale reload >>"$LOGS/reload.log"; }
config=$CHROOT/etc/shale/shale.yaml
cp "$config" shale.yaml

is_refused "${as_shale[@]}" shale serve --listen 0.0.0.0:0 --data-dir /tmp/other
is_refused "${as_shale[@]}" shale serve --listen 127.0.0.1:0 --data-dir /var/lib/shale
is_refused "${as_shale[@]}" sh -c 'ulimit -n 40; exec shale serve --listen 127.0.0.1:0 --data-dir /tmp/other'
inside chown root /etc/shale/shale.key
is_refused "${as_shale[@]}" shale serve --config /etc/shale/shale.yaml
inside chown shale /etc/shale/shale.key

inside shale read-only on >/dev/null
is_refused copy alice busybox team/late:1
inside shale read-only off >/dev/null
copy alice busybox team/late:1

copy alice busybox team/full:1
copy alice busybox team/fixed:1
cat >>"$config" <<'END'
quotas: [{namespace: team/full, tags: 1}]
rules: [{repositories: [team/fixed], immutable_tags: ['*']}]
END
reload
is_refused copy alice busybox team/full:2
is_refused copy alice base team/fixed:1
sed 's/^storage:/&\n  reserve: 1024TiB/' shale.yaml >"$config"
reload
is_refused copy alice runtime team/runtime:1
curl -sS --cacert certs/ca.crt "https://$REGISTRY/readyz" >>said
cp shale.yaml "$config"
reload
copy alice runtime team/runtime:1

layer=$(skopeo inspect --raw --cert-dir certs --creds alice:alice-secret "docker://$REGISTRY/team/busybox:1" |
  jq -r '.layers | max_by(.size).digest')
echo damage | dd of="$(find "$CHROOT/var/lib/shale/blobs" -name "${layer#sha256:}")" conv=notrunc status=none
inside shale scrub run --wait >>"$LOGS/scrub.log" || true
is_refused pull alice team/busybox:1
# Skopeo keeps the words to itself.
curl -sS --cacert certs/ca.crt -u alice:alice-secret "https://$REGISTRY/v2/team/busybox/blobs/$layer" >>said
copy alice busybox team/busybox:1
pull alice team/busybox:1

make_ca
issue "$WORK/issued" "IP:${REGISTRY%:*}"
cat issued.key >"$CHROOT/etc/shale/shale.key"
cat issued.crt >"$CHROOT/etc/shale/shale.crt"
reload
is_refused "$BINARY" doctor "https://$REGISTRY"

it "says then what the list quotes"
# All that stands in quotes, in any column, unless docker says it; `...` is whatever comes between.
mapfile -t quoted < <(awk '/^## When something is wrong/ { on = 1 } on && /^\|/ && !/^\| docker: /' "$GUIDE" |
  grep -oE '"[^"]+"' | tr -d '"' | sort -u)
expect_less "too few quotes" 10 "${#quoted[@]}"
for words in "${quoted[@]}"; do
  pattern=$(sed -e 's/[][\.*^$()+?{}|]/\\&/g' -e 's/ *\\\.\\\.\\\. */.*/g' <<<"$words")
  if [[ $words == 'no commit is taken any more' ]]; then
    grep -qaF -- "$words" "$BINARY" || fail "the program never says '$words'"
    echo "        NOT SHOWN: when it says '$words' (no disk fails here; the words are in the program)"
    continue
  fi
  grep -qE -- "$pattern" said || fail "nothing said '$words': $(cat said)"
done

it "has every command, setting and metric that the guide names"
of_guide() { grep -oE "$1" "$GUIDE" | tr -d '\`' | sort -u; }  # REGEX
while read -r command; do
  # Up to the first argument, which is an option, or not in small letters.
  words=$(grep -oE '^shale( [a-z-]*[a-z])+' <<<"${command%% -*}") || continue
  # shellcheck disable=SC2086  # the words of a command
  "$BINARY" ${words#shale } --help >/dev/null || fail "there is no '$command'"
done < <(of_guide '`shale [^`]+`')
"$BINARY" check-config --output json | jq -r 'paths | map(strings) | join(".")' >settings
while read -r setting; do
  grep -qxF "$setting" settings || fail "there is no setting $setting"
done < <(of_guide '`(server|tls|storage|limits|timeouts|registry|auth|log|metrics)\.[a-z_.]+')
while read -r metric; do
  grep -qF "| \`$metric\` |" "$ROOT/metrics/README.md" || fail "there is no metric $metric"
done < <(of_guide '`shale_[a-z_]+')
stop_daemon prometheus
stop_server

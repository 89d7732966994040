#!/usr/bin/env bash
# shale doctor at healthy and at ailing instances: logins, certificates, proxies, clocks, disks, limits.
source "$(dirname "$0")/lib/scenario.sh"
source "$LIB/server.sh"
source "$LIB/private_ca.sh"

require_command curl jq openssl python3 prlimit
cd "$WORK"

# Its findings go to $FOUND, the table to $WORK/table, and its exit code to $CODE.
doctor() {
  CODE=0
  timeout 60 "$BINARY" doctor "$@" --output json >found.json 2>found.err </dev/null || CODE=$?
  cat found.json found.err >>"$LOGS/doctor.log"
}
verdict() { jq -r --arg check "$1" '[.checks[] | select(.check == $check).verdict] | join(" ")' found.json; }
line() { jq -r --arg check "$1" '.checks[] | select(.check == $check) | "\(.found): \(.advice)"' found.json; }
all_but_ok() { jq -r '[.checks[] | select(.verdict != "ok") | "\(.check) \(.verdict)"] | join(", ")' found.json; }
expect_line() {  # CHECK VERDICT REGEX
  expect_equal "$1" "$2" "$(verdict "$1")"
  expect_match "$1" "$3" "$(line "$1")"
}
repositories() { curl -sS --max-time 20 "$@" "http://$REGISTRY/v2/_catalog" | jq -c .repositories; }

# ---- in the clear ----------------------------------------------------------------------------------------------

it "finds nothing at a healthy instance, and leaves nothing there"
start_server
doctor "http://$REGISTRY" --data-dir "$DATA"
# The file system of the machine that runs the tests may be any.
expect_match "what is not ok" '^(file system warning)?$' "$(all_but_ok)"
expect_equal "exit code" 0 "$CODE"
for check in connect registry clock version locations push stream manifest pull range paging 'disk space' 'disk sync' memory; do
  expect_equal "$check" ok "$(verdict "$check")"
done
expect_match "open files" 'for the server' "$(line 'open files')"
expect_equal "repositories" '[]' "$(repositories)"
leftovers=("$DATA"/.shale-doctor-*)
[[ ! -e ${leftovers[0]} ]] || fail "files are left: ${leftovers[*]}"
timeout 60 "$BINARY" doctor "$REGISTRY" --data-dir "$DATA" >table
expect_match "the last line" ' checks: .* 0 failed$' "$(tail -n 1 table)"

it "finds the instance by its configuration"
cat >shale.yaml <<END
server: {listen: '$REGISTRY'}
storage: {data_dir: '$DATA'}
END
doctor --config shale.yaml
expect_equal "instance" "http://$REGISTRY 0" "$(jq -r .instance found.json) $CODE"

it "says when nobody is there, and when the URL makes no sense"
doctor "http://127.0.0.1:$(free_port)"
expect_line connect failed 'refused.*server.listen'
expect_equal "exit code" 1 "$CODE"
doctor "https://$REGISTRY"
expect_line tls failed 'https://'
doctor "http://$REGISTRY/v2/"
expect_equal "exit code" 2 "$CODE"

# ---- proxies ---------------------------------------------------------------------------------------------------

start_proxy() {  # FAULT...
  PROXY=127.0.0.1:$(free_port)
  start_daemon proxy python3 "$LIB/proxy.py" "${PROXY##*:}" "${REGISTRY##*:}" "$@"
  wait_until 20 "the proxy" curl -sS --max-time 5 -o /dev/null "http://$PROXY/v2/"
}

it "names what a proxy does to bodies, clocks and headers"
start_proxy
doctor "http://$PROXY"
expect_equal "what is not ok" 'buffering warning' "$(all_but_ok)"
expect_line buffering warning 'proxy_request_buffering'
expect_equal "exit code" 0 "$CODE"
stop_daemon proxy
start_proxy limit=1048576 date=-90
doctor "http://$PROXY"
expect_line push failed '413.*client_max_body_size'
expect_line stream failed '413'
expect_line clock failed '(89|90|91) s behind'
expect_equal "exit code" 1 "$CODE"
stop_daemon proxy
start_proxy drop=Range drop=Link date=20
doctor "http://$PROXY"
expect_line range warning 'pass Range on'
expect_line paging failed 'pass Link on'
expect_line clock warning '(19|20|21) s ahead'
stop_daemon proxy
expect_equal "repositories" '[]' "$(repositories)"
stop_server

it "names URLs that lead past the proxy, and what to set"
start_server --server.absolute_locations true
start_proxy host
doctor "http://$PROXY"
expect_line locations failed "leads to http://$REGISTRY: .*external_url.*trusted_proxies"
expect_equal "exit code" 1 "$CODE"
# The trial goes on by the way that we came.
expect_equal "push" ok "$(verdict push)"
restart_server --server.external_url "http://$PROXY"
doctor "http://$PROXY"
expect_equal "locations" ok "$(verdict locations)"
stop_daemon proxy
stop_server

# ---- logins ----------------------------------------------------------------------------------------------------

it "logs in by password and by token, and says what is missing without"
"$BINARY" user add alice --file users <<<alice-secret 2>>"$LOGS/users.log"
for challenge in basic bearer; do
  start_server --auth.htpasswd users --auth.challenge $challenge
  doctor "http://$REGISTRY"
  # Who asks for a token without a name gets one, which opens nothing here.
  expect_match "without a login" '^(login|upload) warning 0$' "$(all_but_ok) $CODE"
  SHALE_PASSWORD=alice-secret doctor "http://$REGISTRY" --user alice
  expect_equal "with one" " 0" "$(all_but_ok) $CODE"
  SHALE_PASSWORD=wrong doctor "http://$REGISTRY" --user alice
  expect_line login failed 'is the password right'
  expect_equal "exit code" 1 "$CODE"
  "$BINARY" doctor "http://$REGISTRY" --user alice <<<alice-secret >table || fail "the password of standard input is not taken"
  if [[ $challenge == bearer ]]; then
    start_proxy host
    SHALE_PASSWORD=alice-secret doctor "http://$PROXY" --user alice
    expect_line 'token url' failed "at http://$REGISTRY, and we came by http://$PROXY: .*external_url"
    stop_daemon proxy
  fi
  expect_equal "repositories" '[]' "$(repositories -u alice:alice-secret)"
  stop_server
done

it "says who may not push, and takes another repository"
cat >policy.yaml <<'END'
rules:
  - {allow: [pull, push, overwrite, delete], subjects: [user:alice], repositories: [team/**]}
END
start_server --auth.htpasswd users --auth.policy policy.yaml
SHALE_PASSWORD=alice-secret doctor "http://$REGISTRY" --user alice
expect_line upload failed '--repository'
SHALE_PASSWORD=alice-secret doctor "http://$REGISTRY" --user alice --repository team
expect_equal "what is not ok" "" "$(all_but_ok)"
# Only an administrator removes for good.
expect_line 'clean up' ok 'storage.history'
stop_server

# ---- certificates ----------------------------------------------------------------------------------------------

make_ca
CA=$WORK/ca issue short DNS:localhost 3
issue good DNS:localhost,IP:127.0.0.1
issue old DNS:localhost -1
issue other DNS:other.example
openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj '/CN=Intermediate' -keyout middle.key -out middle.csr 2>>"$LOGS/ca.log"
openssl x509 -req -in middle.csr -CA ca.crt -CAkey ca.key -CAcreateserial -days 30 -out middle.crt \
  -extfile <(echo 'basicConstraints=critical,CA:TRUE') 2>>"$LOGS/ca.log"
CA=$WORK/middle issue leaf DNS:localhost
cat leaf.crt middle.crt >full.crt
cp leaf.key full.key
"$BINARY" tls self-signed --host localhost --out . >>"$LOGS/ca.log"

it "tells every fault of a certificate"
port=$(free_port)
visit_with() {  # CERTIFICATE OPTIONS...
  start_server --listen "https://127.0.0.1:$port" --tls.certificates "$1.crt" --tls.keys "$1.key" --auth.htpasswd users
  SHALE_PASSWORD=alice-secret doctor "https://localhost:$port" --user alice "${@:2}"
  stop_server
}
visit_with good --ca ca.crt
expect_equal "what is not ok" " 0" "$(all_but_ok) $CODE"
expect_line tls ok 'TLSv1.3'
expect_line certificate ok 'for localhost, 127.0.0.1, 1 sent, until .* \((29|30) days\)'
visit_with good
expect_line certificate failed '1 sent, and the chain ends before a root: nobody here knows CN=Private CA'
expect_line login warning 'not sent'
start_server --listen "https://127.0.0.1:$port" --tls.certificates good.crt --tls.keys good.key --auth.htpasswd users --auth.challenge bearer
doctor "https://localhost:$port"
expect_line login warning 'token is not sent'
stop_server
visit_with short --ca ca.crt
expect_line certificate warning 'renew it'
expect_equal "exit code" 0 "$CODE"
visit_with old --ca ca.crt
expect_line certificate failed 'expired.*renew it'
visit_with other --ca ca.crt
expect_line certificate failed 'for other.example, and not for localhost'
visit_with shale
expect_line certificate failed 'self-signed.*--ca'
visit_with shale --ca shale.crt
expect_equal "certificate" ok "$(verdict certificate)"
visit_with leaf --ca ca.crt
expect_line certificate failed 'nobody here knows CN=Intermediate: .*tls.certificates'
visit_with full --ca ca.crt
expect_line certificate ok '2 sent'

# ---- the machine -----------------------------------------------------------------------------------------------

it "says that the disk is full, and that few files may be open"
SERVER_PREFIX=(prlimit --nofile=600:600)
start_server --storage.reserve 1024TiB
SERVER_PREFIX=()
SHALE_STORAGE__RESERVE=1024TiB doctor "http://$REGISTRY" --data-dir "$DATA"
expect_line 'disk space' failed 'reserve 1024TiB: pushes are refused'
expect_line push failed '507.*free disk space'
expect_line 'open files' warning '600 for the server: .*216 connections.*LimitNOFILE'
expect_equal "exit code" 1 "$CODE"
stop_server

it "says what stays where deletes are switched off, and how it goes"
start_server --registry.delete_tags false --registry.delete_manifests false --registry.delete_blobs false
doctor "http://$REGISTRY"
expect_line 'clean up' warning 'switched off: .*shale rm --all --for-good shale-doctor/'
expect_equal "exit code" 0 "$CODE"
stop_server

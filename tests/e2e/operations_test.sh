#!/usr/bin/env bash
# What an operator does while the server runs: looks, reloads, switches to read-only, drains, and what goes wrong then.
source "$(dirname "$0")/lib/scenario.sh"
source "$LIB/server.sh"

require_command curl jq gcc
cd "$WORK"
control() { "$BINARY" "$@" --data-dir "$DATA"; }
head -c 100000 /dev/urandom >blob
push() {  # REPOSITORY   one blob in one request
  request POST "/v2/$1/blobs/uploads/?digest=sha256:$(sha256_of blob)" -H 'Content-Type: application/octet-stream' \
    --data-binary @blob
}
metric() { curl -sS --max-time 10 "http://$REGISTRY/metrics" | awk -v name="$1" '$1 == name { print $2 }'; }
# The settings of this script, as the file that the server is started with.
write_config() { printf '%s\n' "$@" >shale.yaml; }

write_config 'log: {level: info}' 'timeouts: {drain: 20s}'
start_server --config shale.yaml

it "tells what it is and does, and that all is well"
control status >status
expect_match "status" 'serving' "$(cat status)"
expect_match "status" 'ok: disk' "$(cat status)"
expect_equal "the process" "$SERVER_PID" "$(control status --output json | jq .process)"
expect_equal "whether it answers" 'it answers' "$(control status --live)"
for probe in livez readyz startupz; do
  request GET "/$probe"
  expect_status 200
  expect_equal "status of /$probe" ok "$(jq -r .status body)"
done

it "takes over what changed in its file, all at once, and says what needs a restart"
write_config 'log: {level: debug}' 'server: {workers: 3}' 'registry: {delete_blobs: false}' \
  'quotas: [{namespace: small, bytes: 10KiB}]' \
  'rules: [{repositories: ["fixed/**"], immutable_tags: ["*"]}]'
control reload >reloaded
expect_match "reload" 'changed: registry.delete_blobs, log.level, quotas, rules' "$(cat reloaded)"
expect_match "reload" 'needs a restart: server.workers' "$(cat reloaded)"
expect_equal "the log level" 'log level: debug' "$(control log-level)"
push small/app
expect_status 403
push large/app
expect_status 201
request DELETE "/v2/large/app/blobs/sha256:$(sha256_of blob)"
expect_status 405
control rules list | grep -q 'fixed/\*\*' || fail "the rule is not in force"
expect_match "status" 'server.workers' "$(control status)"
expect_equal "the last reload" 1 "$(metric shale_config_last_reload_successful)"

it "takes over where clients come in, and how much of the disk is kept free"
write_config 'log: {level: debug}' 'server: {external_url: "https://registry.example"}' 'storage: {reserve: 1024TiB}'
control reload >reloaded
expect_match "reload" 'changed: server.external_url, storage.reserve' "$(cat reloaded)"
request POST /v2/large/app/blobs/uploads/
expect_match "the Location" '^https://registry.example/v2/' "$(header Location)"
push large/more
expect_status 507
request GET /readyz
expect_status 503
write_config 'log: {level: debug}' 'registry: {delete_blobs: false}' 'quotas: [{namespace: small, bytes: 10KiB}]' \
  'rules: [{repositories: ["fixed/**"], immutable_tags: ["*"]}]'
control reload >/dev/null
push large/more
expect_status 201

it "keeps all as it was when the file is broken, and names the line"
write_config 'log: {level: error}' 'limits:' '  manifest_bytes: lots'
expect_failure control reload
expect_match "what is wrong" 'shale.yaml:3:19: limits.manifest_bytes: "lots" is not a size' "$OUTPUT"
expect_equal "the log level" 'log level: debug' "$(control log-level)"
push small/app
expect_status 403
expect_equal "the last reload" 0 "$(metric shale_config_last_reload_successful)"

it "says the same in its log after SIGHUP, and serves on"
kill -HUP "$SERVER_PID"
wait_until 10 "the log to tell" grep -q 'shale.yaml:3:19' "$SERVER_LOG"
write_config 'log: {level: info}'
kill -HUP "$SERVER_PID"
wait_until 10 "the log to tell" grep -q '"msg":"reloaded","changed":"registry.delete_blobs, log.level, quotas, rules"' "$SERVER_LOG"
push small/app
expect_status 201

it "is read-only on demand: pulls go on, pushes and deletes are refused in words"
control read-only on >/dev/null
push large/other
expect_status 403
expect_match "the words" 'read-only' "$(cat body)"
request GET "/v2/large/app/blobs/sha256:$(sha256_of blob)"
expect_status 200
expect_equal "the metric" 1 "$(metric shale_read_only)"
control read-only off >/dev/null
push large/other
expect_status 201

it "refuses to start a second time on the same data, in words, and the first serves on"
expect_failure "$BINARY" serve --listen "127.0.0.1:$(free_port)" --server.control none --data-dir "$DATA"
expect_match "the words" 'in use by another process' "$OUTPUT"
request GET /v2/
expect_status 200

it "drains: not ready at once, no new connections soon, and what runs may end"
stop_server
write_config 'timeouts: {drain: 20s, drain_delay: 2s}'
start_server --config shale.yaml
mkfifo body.pipe
request_slowly() {
  curl -sS --max-time 60 -o slow.body -w '%{http_code}' -X POST -H 'Content-Type: application/octet-stream' \
    -H 'Expect:' -T - "http://$REGISTRY/v2/slow/app/blobs/uploads/?digest=sha256:$(sha256_of blob)" <body.pipe >slow.status
}
request_slowly &
slow=$!
exec 5>body.pipe
head -c 50000 blob >&5
wait_until 10 "the upload to be under way" eval '[[ $(metric "shale_connections{state=\"receiving\"}") == 1 ]]'
kill -TERM "$SERVER_PID"
wait_until 5 "it to be not ready" eval '[[ $(curl -s -o /dev/null -w "%{http_code}" "http://$REGISTRY/readyz") == 503 ]]'
push while/draining
expect_status 201
wait_until 20 "new connections to be refused" eval '! curl -s --max-time 2 "http://$REGISTRY/livez"'
tail -c +50001 blob >&5
exec 5>&-
wait "$slow"
expect_equal "the status of the upload that was under way" 201 "$(cat slow.status)"
wait_until 20 "the server to end" daemon_ended server
stop_server

it "tells of what it had to cut off"
write_config 'timeouts: {drain: 1s}'
start_server --config shale.yaml
request_slowly 2>/dev/null || true &
slow=$!
exec 5>body.pipe
head -c 50000 blob >&5
wait_until 10 "the upload to be under way" eval '[[ $(metric "shale_connections{state=\"receiving\"}") == 1 ]]'
stop_server
exec 5>&-
wait "$slow"
grep -q '"msg":"cut off connections that did not end in time","connections":1' "$SERVER_LOG" || fail "the cut was not told"
grep '"path":"/v2/slow/app/blobs/uploads/"' "$SERVER_LOG" | grep -q '"cut_off":true' || fail "the request was not told"

# Opening the metadata syncs files, and this disk hangs until the file `held` is gone: no start is over before that.
gcc -shared -fPIC -o held_syncs.so "$LIB/held_syncs.c" -ldl
pends_sigterm() { ((0x$(awk '$1 == "ShdPnd:" { print $2 }' "/proc/${DAEMON_PID[early]}/status") & 1 << (15 - 1))); }
end_while_starting() {  # DATA_DIRECTORY
  touch held
  : >"$LOGS/early.log"
  # A sanitized build complains when another library comes before its own.
  start_daemon early env ASAN_OPTIONS="${ASAN_OPTIONS:+$ASAN_OPTIONS:}verify_asan_link_order=0" \
    LD_PRELOAD="$WORK/held_syncs.so" HOLD_SYNCS="$WORK/held" \
    "$BINARY" serve --listen "127.0.0.1:$(free_port)" --data-dir "$1"
  wait_until 20 "it to begin" grep -q '"msg":"starting"' "$LOGS/early.log"
  kill -TERM "${DAEMON_PID[early]}"
  wait_until 20 "the signal to be there" pends_sigterm
  daemon_runs early || fail "it ended in the middle of its start"
  expect_equal "what the log has of it" starting "$(jq -r .msg "$LOGS/early.log")"
  rm held
  wait_until 30 "the server to end" daemon_ended early
  stop_daemon early
  expect_equal "the exit status" 0 "$DAEMON_STATUS"
  expect_equal "the log" "starting listening stopping stopped" "$(jq -r .msg "$LOGS/early.log" | xargs)"
}

it "ends well when it is told to while it starts: at the end of the start, without a request, and all is there"
end_while_starting "$WORK/early"
end_while_starting "$DATA"
for DATA in "$WORK/early" "$DATA"; do
  start_server
  push early/app
  expect_status 201
  stop_server
done
start_server
request GET "/v2/large/other/blobs/sha256:$(sha256_of blob)"
expect_status 200
stop_server

it "serves on when its log cannot be written, and counts what is lost"
start_daemon full sh -c "exec '$BINARY' serve --listen '$REGISTRY' --data-dir '$DATA' 2>/dev/full"
wait_until 60 "the server to answer" server_answers
push full/log
expect_status 201
wait_until 10 "the loss to be counted" eval '(($(metric "shale_log_write_failures_total{log=\"main\"}") > 0))'
stop_daemon full 30
expect_equal "the exit status" 0 "$DAEMON_STATUS"

it "serves on when its audit log cannot be written, and says in its log that there is a gap, and when it ends"
mkdir audit
ln -s /dev/full audit/log
echo secret | "$BINARY" user add alice --file users 2>/dev/null
start_server --auth.htpasswd users --auth.audit_log "$WORK/audit/log"
request GET /v2/ -u alice:secret
expect_status 200
wait_until 20 "the log to tell" grep -q '"msg":"the audit log has a gap","cause":"cannot write [^"]*: No space left' "$SERVER_LOG"
request GET "/v2/large/other/blobs/sha256:$(sha256_of blob)" -u alice:secret
expect_status 200
rm audit/log
request GET /v2/ -u alice:wrong
expect_status 401
wait_until 20 "the audit log to be written again" test -s audit/log
expect_match "the audit log" 'wrong user name or password' "$(cat audit/log)"
grep -q '"msg":"the audit log has a gap","cause":"[^"]* is written again"' "$SERVER_LOG" || fail "its end was not told"
stop_server

it "has metrics and health alone on an address of their own"
probes=127.0.0.1:$(free_port)
start_server --metrics.listen "$probes"
request GET "http://$probes/metrics"
expect_status 200
request GET "http://$probes/readyz"
expect_status 200
request GET "http://$probes/v2/"
expect_status 404
stop_server

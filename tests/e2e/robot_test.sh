#!/usr/bin/env bash
# Robots from their making to their end, with the commands of an operator and with what a program logs in with.
source "$(dirname "$0")/lib/scenario.sh"
source "$LIB/server.sh"
source "$LIB/images.sh"

require_command skopeo jq
prepare_layout

audit=$WORK/audit.log
flags=(--auth.robots true --auth.audit_log "$audit")
start_server "${flags[@]}"
remote=docker://$REGISTRY
robot() { "$BINARY" robot "$@" --data-dir "$DATA"; }
status_of() { request GET "$2" -u "$1"; echo "$STATUS"; }
has_line() {  # CONDITION   somewhere in the audit log
  [[ $(jq -s "map(select($1)) | length" "$audit") -gt 0 ]] || fail "the audit log has no line with $1"
}
push_as() { skopeo copy --quiet --dest-tls-verify=false --dest-creds "$1" "oci:$LAYOUT:app-one" "$remote/$2"; }

it "asks everybody to log in, though there are no users"
expect_equal "status without a login" 401 "$(status_of : /v2/)"

it "gives the operator who has the data directory a robot, and shows its secret once"
secret=$(robot create ci --allow pull,push --repositories 'team-a/**' --description 'builds' 2>/dev/null)
[[ $secret =~ ^shale_[0-9A-Za-z]{46}$ ]] || fail "the secret is $secret"
expect_equal "mode of the file" 600 "$(stat -c %a "$DATA/auth/robots.json")"
expect_equal "mode of the socket" 600 "$(stat -c %a "$DATA/control.sock")"
if grep -q "$secret" "$DATA/auth/robots.json"; then fail "the secret is in the file"; fi
expect_equal "the list" "ci pull,push" "$(robot list --output json | jq -r '.robots[] | "\(.name) \(.permissions[0].actions | join(","))"')"

it "lets it push where it may, and nowhere else"
push_as "robot+ci:$secret" team-a/app:one
expect_failure push_as "robot+ci:$secret" team-b/app:one
expect_failure push_as "robot+ci:${secret}x" team-a/app:one
expect_failure push_as "ci:$secret" team-a/app:one

it "knows when it was last used, also after a restart"
[[ $(robot list --output json | jq -r '.robots[0].last_used') == 20* ]] || fail "it was never used"
restart_server "${flags[@]}"
[[ $(robot list --output json | jq -r '.robots[0].last_used') == 20* ]] || fail "that was forgotten"

it "rotates the secret with an overlap, and then without"
second=$(robot rotate ci --keep-former 1h 2>/dev/null)
expect_equal "status with the former one" 200 "$(status_of "robot+ci:$secret" /v2/)"
expect_equal "status with the new one" 200 "$(status_of "robot+ci:$second" /v2/)"
third=$(robot rotate ci 2>/dev/null)
expect_equal "status with the former one" 401 "$(status_of "robot+ci:$second" /v2/)"
expect_equal "status with the new one" 200 "$(status_of "robot+ci:$third" /v2/)"

it "keeps one through kill -9, as soon as the command has ended"
killed=$(robot create brief --allow pull --repositories '**' --expires 1h 2>/dev/null)
kill -KILL "$SERVER_PID"
stop_daemon server
start_server "${flags[@]}"
expect_equal "status" 200 "$(status_of "robot+brief:$killed" /v2/)"

it "ends one at once, with its tokens"
token=$(curl -s -u "robot+ci:$third" "http://$REGISTRY/auth/token?scope=repository:team-a/app:pull" | jq -r .token)
request GET /v2/team-a/app/tags/list -H "Authorization: Bearer $token"
expect_status 200
robot revoke ci 2>/dev/null
expect_equal "status with the secret" 401 "$(status_of "robot+ci:$third" /v2/)"
request GET /v2/team-a/app/tags/list -H "Authorization: Bearer $token"
expect_status 401
expect_failure robot revoke ci

it "lets a robot that administers a tree make robots for it, and for no other"
chief=$(robot create chief --allow admin --repositories 'team-b/**' 2>/dev/null)
made=$(curl -s -u "robot+chief:$chief" -H 'Content-Type: application/json' "http://$REGISTRY/api/v1/robots" \
  -d '{"name":"b-ci","permissions":[{"actions":["pull","push"],"repositories":["team-b/**"]}]}')
push_as "robot+b-ci:$(jq -r .secret <<<"$made")" team-b/app:one
request POST /api/v1/robots -u "robot+chief:$chief" -H 'Content-Type: application/json' \
  -d '{"name":"all","permissions":[{"actions":["pull"],"repositories":["**"]}]}'
expect_status 403

it "writes down who changed what, and no secret anywhere"
for change in 'create robot' 'rotate robot' 'revoke robot'; do
  has_line ".msg == \"change\" and .change == \"$change\" and .user == \"operator\""
done
has_line '.detail == "pull,push team-a/**" and .target == "ci"'
has_line '.action == "push" and .user == "ci" and .kind == "robot" and .outcome == "allowed"'
has_line '.change == "create robot" and .user == "chief" and .kind == "robot" and .target == "b-ci"'
for text in "$secret" "$second" "$third" "$killed" "$chief" "$token"; do
  if grep -qF "$text" "$audit" "$SERVER_LOG"; then fail "a secret is in a log"; fi
done

it "lets nobody but its own user into the control socket"
if [[ $(id -u) == 0 ]]; then
  chmod 755 "$WORK" "$DATA"
  control() { "$@" curl -sS --unix-socket "$DATA/control.sock" http://localhost/api/v1/robots; }
  control env >/dev/null
  expect_failure control setpriv --reuid 65534 --regid 65534 --clear-groups
  expect_match "the reason" "Permission denied|Couldn't connect|Failed to connect" "$OUTPUT"
fi

it "does not start with a file of robots that it cannot read"
stop_server
printf '{"version": 9, "robots": []}' >"$DATA/auth/robots.json"
expect_failure timeout 20 "$BINARY" serve --listen 127.0.0.1:0 --data-dir "$DATA" --auth.robots true

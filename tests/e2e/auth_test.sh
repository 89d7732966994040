#!/usr/bin/env bash
# Two teams with a repository tree each, an account that may only pull, a public tree, and strangers: who gets
# where with curl, skopeo and crane, and what happens to those who guess.
source "$(dirname "$0")/lib/scenario.sh"
source "$LIB/server.sh"
source "$LIB/images.sh"
source "$LIB/go_tools.sh"

require_command skopeo jq
use_go_tools
prepare_layout

users=$WORK/users
policy=$WORK/policy.yaml
add_user() { "$BINARY" user add "$1" --file "$users" <<<"$1-secret" 2>/dev/null; }
for user in alice bob deploy; do add_user "$user"; done
cat >"$policy" <<'EOF'
groups:
  team-a: [alice]
  team-b: [bob]
rules:
  - {deny: [overwrite], subjects: [authenticated], repositories: [team-a/release]}
  - {allow: [pull, push, overwrite, delete], subjects: [group:team-a], repositories: [team-a/**, public/**]}
  - {allow: [pull, push, overwrite, delete], subjects: [group:team-b], repositories: [team-b/**]}
  - {allow: [pull], subjects: [user:deploy], repositories: ['**']}
  - {allow: [pull], subjects: [anonymous, authenticated], repositories: [public/**]}
EOF
audit=$WORK/audit.log
start_server --auth.htpasswd "$users" --auth.policy "$policy" --auth.audit_log "$audit"
remote=docker://$REGISTRY

status_of() { request "${@:2}" -u "$1:$1-secret"; echo "$STATUS"; }
skopeo_as() {  # USER COMMAND...   with a login of its own
  REGISTRY_AUTH_FILE=$WORK/$1.json skopeo "${@:2}"
}
copy_in() { skopeo_as "$1" copy --quiet --dest-tls-verify=false "oci:$LAYOUT:$2" "$remote/$3"; }
copy_out() { skopeo_as "$1" copy --quiet --src-tls-verify=false "$remote/$2" "oci:$WORK/out:$RANDOM"; }

it "keeps the file of users and the keys of tokens from other eyes"
expect_equal "mode of the users" 600 "$(stat -c %a "$users")"
expect_equal "mode of the keys' directory" 700 "$(stat -c %a "$DATA/auth/token-keys")"
expect_equal "mode of the key" 600 "$(stat -c %a "$DATA"/auth/token-keys/*.pem)"

it "logs in those who have the right password, and nobody else"
for user in alice bob deploy; do
  skopeo_as "$user" login --tls-verify=false -u "$user" --password-stdin "$REGISTRY" <<<"$user-secret" >/dev/null
done
expect_failure skopeo_as mallory login --tls-verify=false -u alice -p guess "$REGISTRY"
expect_failure skopeo_as mallory login --tls-verify=false -u mallory -p alice-secret "$REGISTRY"

it "lets each team push to its own tree, and to no other"
copy_in alice app-one team-a/app:one
copy_in bob app-two team-b/app:two
copy_in alice app-one public/app:one
expect_failure copy_in alice app-one team-b/app:one
expect_failure copy_in bob app-one team-a/app:one
expect_failure copy_in deploy app-one team-a/app:one
expect_failure copy_in mallory app-one public/app:one

it "lets them pull what is theirs, and everybody what is public"
copy_out alice team-a/app:one
copy_out deploy team-a/app:one
copy_out deploy team-b/app:two
copy_out bob public/app:one
copy_out mallory public/app:one
expect_failure copy_out alice team-b/app:two
expect_failure copy_out mallory team-a/app:one

it "refuses with 401 who is not logged in, with 403 who is, and tells neither what is there"
for path in team-a/app/manifests/one team-a/app/manifests/none team-a/none/tags/list; do
  request GET "/v2/$path"
  expect_status 401
  expect_match "the challenge" 'scope="repository:team-a/(app|none):pull"' "$(header www-authenticate)"
  expect_equal "bob at $path" 403 "$(status_of bob GET "/v2/$path")"
done
expect_equal "deploy deletes" 403 "$(status_of deploy DELETE /v2/team-a/app/manifests/one)"

it "shows each the catalog of what they may pull"
catalog_of() { status_of "$1" GET /v2/_catalog >/dev/null && jq -r '.repositories | join(" ")' "$WORK/body"; }
expect_equal "for alice" "public/app team-a/app" "$(catalog_of alice)"
expect_equal "for bob" "public/app team-b/app" "$(catalog_of bob)"
expect_equal "for deploy" "public/app team-a/app team-b/app" "$(catalog_of deploy)"
request GET /v2/_catalog
expect_equal "for strangers" '["public/app"]' "$(jq -c .repositories "$WORK/body")"

it "lets a released tag stay what it is"
copy_in alice app-one team-a/release:v1
copy_in alice app-one team-a/release:v1
expect_failure copy_in alice app-two team-a/release:v1
copy_in alice app-two team-a/release:v2

it "serves crane: login, copy with a mount between trees of one team, list, delete"
crane auth login "$REGISTRY" -u alice --password-stdin <<<alice-secret 2>/dev/null
crane copy --insecure "$REGISTRY/team-a/app:one" "$REGISTRY/team-a/copy:one" 2>/dev/null
expect_equal "tags" "one" "$(crane ls --insecure "$REGISTRY/team-a/copy")"
crane delete --insecure "$REGISTRY/team-a/copy:one"
expect_failure crane manifest --insecure "$REGISTRY/team-b/app:two"
expect_failure crane copy --insecure "$REGISTRY/team-a/app:one" "$REGISTRY/team-b/stolen:one"
crane auth logout "$REGISTRY" 2>/dev/null
crane manifest --insecure "$REGISTRY/public/app:one" >/dev/null
expect_failure crane manifest --insecure "$REGISTRY/team-a/app:one"

it "writes down who did what, and which rule decided"
audited() { jq -c --arg user "$1" --arg action "$2" --arg repository "$3" --arg outcome "$4" --argjson line "$5" \
  'select(.user == $user and .action == $action and .repository == $repository and .outcome == $outcome and .line == $line)' \
  "$audit" | grep . >/dev/null; }
expect_equal "mode of the audit log" 600 "$(stat -c %a "$audit")"
wait_until 10 "alice's push" audited alice push team-a/app allowed 6
status_of bob POST /v2/team-a/app/blobs/uploads/ >/dev/null
# From an address where nobody else fails: a stranger has so many lines a minute.
request POST /v2/public/app/blobs/uploads/ --interface 127.0.0.4
wait_until 10 "what bob tried" audited bob push team-a/app denied 0
audited alice overwrite team-a/release denied 5
audited deploy delete team-a/app denied 0
wait_until 10 "what a stranger tried" audited "" push public/app denied 0

it "explains which rule decides"
expect_match "the words" '^allowed: rule 2 \(line 6\)' \
  "$("$BINARY" policy test --file "$policy" --as alice push team-a/app)"
expect_failure "$BINARY" policy test --file "$policy" --as alice overwrite team-a/release
expect_match "the words" 'denied: rule 1 \(line 5\)' "$OUTPUT"

it "takes over a changed policy, and keeps the old one when the new one is wrong"
alice_deletes() { [[ $(status_of alice DELETE /v2/public/none/manifests/x) == "$1" ]]; }
alice_deletes 404
echo 'rules: [{allow: [read], subjects: [authenticated], repositories: ["**"]}]' >"$policy"
wait_until 20 "the complaint" grep -q 'is no action' "$SERVER_LOG"
alice_deletes 404
echo 'rules: [{allow: [pull], subjects: [authenticated], repositories: ["**"]}]' >"$policy"
wait_until 20 "the new policy" alice_deletes 403

it "reads users and policy on SIGHUP, or takes over no setting and says what was wrong"
kill -HUP "$SERVER_PID"
wait_until 20 "the answer" grep -q '"msg":"reloaded"' "$SERVER_LOG"
expect_match "what was read" '"read":"users, policy"' "$(grep '"msg":"reloaded"' "$SERVER_LOG")"
echo 'rules: [{allow: [write], subjects: [authenticated], repositories: ["**"]}]' >"$policy"
kill -HUP "$SERVER_PID"
wait_until 20 "the answer" grep -q 'the configuration is wrong, and no setting was taken over.*policy.yaml:1.*is no action' "$SERVER_LOG"
expect_equal "reloads" 1 "$(grep -c '"msg":"reloaded"' "$SERVER_LOG")"
alice_deletes 403
echo 'rules: [{allow: [pull], subjects: [authenticated], repositories: ["**"]}]' >"$policy"

it "knows new users at once, and forgets removed ones with their tokens"
request GET "/auth/token?service=shale&scope=repository:team-a/app:pull" -u bob:bob-secret
token=$(jq -r .token "$WORK/body")
with_token() { request GET /v2/team-a/app/tags/list -H "Authorization: Bearer $token"; [[ $STATUS == "$1" ]]; }
with_token 200
"$BINARY" user remove bob --file "$users" 2>/dev/null
wait_until 20 "bob to be forgotten" with_token 401
expect_equal "bob" 401 "$(status_of bob GET /v2/)"
add_user carol
carol_is_known() { [[ $(status_of carol GET /v2/) == 200 ]]; }
wait_until 20 "carol to be known" carol_is_known

it "ends a refresh token for whoever has it, and for good"
request GET '/auth/token?service=shale&offline_token=true' -u alice:alice-secret
refresh=$(jq -r .refresh_token "$WORK/body")
refreshed() {
  request POST /auth/token -d "grant_type=refresh_token&service=shale&refresh_token=$refresh"
  [[ $STATUS == "$1" ]]
}
refreshed 200
request POST /auth/revoke -d "token=$refresh"
expect_status 200
refreshed 401
expect_equal "mode of the list" 600 "$(stat -c %a "$DATA/auth/revoked-tokens")"
restart_server --auth.htpasswd "$users" --auth.policy "$policy" --auth.audit_log "$audit"
refreshed 401
grep -q '"outcome":"revoked a token"' "$audit"

it "lets the right user in while ten thousand wrong logins run"
curl -sZ --parallel-max 100 --interface 127.0.0.2 -u alice:guess -o /dev/null -w '%{http_code}\n' \
  "http://$REGISTRY/v2/?[1-10000]" >"$WORK/flood" 2>/dev/null &
flood=$!
wait_until 60 "the flood" grep -q 429 "$WORK/flood"
request GET /v2/ --interface 127.0.0.3 -u alice:alice-secret
expect_status 200
kill -0 "$flood" 2>/dev/null || echo "        NOT SHOWN: the flood had ended before"
wait "$flood" || true
expect_equal "wrong logins that got in" 0 "$(grep -c 200 "$WORK/flood" || true)"
expect_less "passwords that were checked" "$(grep -c 401 "$WORK/flood" || true)" 500

it "writes a few lines about two hundred bad tokens into the audit log, and counts the others"
# Some are turned away unread, where too many are verified at a time.
curl -sZ --interface 127.0.0.5 -H "Authorization: Bearer one.bad.token" -o /dev/null -w '%{http_code}\n' \
  "http://$REGISTRY/v2/?[1-200]" >"$WORK/tokens" 2>/dev/null
refused=$(grep -c 401 "$WORK/tokens")
expect_equal "bad tokens that got in" "" "$(grep -vE '401|429' "$WORK/tokens" || true)"

it "writes no secret and no token to its log"
if grep -aE -- '-secret|guess|eyJ|Basic |Bearer ' "$SERVER_LOG" "$audit"; then fail "there is a secret in the log"; fi
grep -q '"user":"alice"' "$SERVER_LOG"

stop_server
about_tokens() { jq -s "[.[] | select(.client == \"127.0.0.5\") | select(.outcome $1 \"suppressed\")] | $2" "$audit"; }
written=$(about_tokens '!=' length)
expect_equal "lines and those counted" "$refused" $((written + $(about_tokens '==' 'map(.count) | add')))
expect_less "lines" "$written" 50

it "warns at the start of what is open that need not be"
chmod 644 "$users"
start_server --auth.htpasswd "$users" --listen "0.0.0.0:$(free_port)"
expect_match "the file" 'users can be read by every user of this machine' "$(<"$SERVER_LOG")"
expect_match "the address" 'server.listen: 0.0.0.0:[0-9]+ can be reached from other machines without TLS' "$(<"$SERVER_LOG")"
stop_server

#!/usr/bin/env bash
# Tokens that another service issues: crane and skopeo push and pull with them, with keys by id and by chain of
# certificates, through changes of the keys and beside a policy.
source "$(dirname "$0")/lib/scenario.sh"
source "$LIB/server.sh"
source "$LIB/images.sh"
source "$LIB/go_tools.sh"

require_command skopeo jq openssl python3
use_go_tools
prepare_layout

elsewhere=$WORK/elsewhere
mkdir "$elsewhere"
new_rsa_key() {  # KID
  openssl genrsa -out "$elsewhere/rsa.key" 2048 2>/dev/null
  echo "$1" >"$elsewhere/kid"
  python3 "$LIB/token_server.py" jwks "$elsewhere/rsa.key" "$1"
}
openssl req -x509 -newkey rsa:2048 -nodes -keyout "$elsewhere/root.key" -out "$WORK/bundle.pem" -days 2 \
  -subj /CN=root 2>/dev/null
openssl ecparam -genkey -name prime256v1 -noout -out "$elsewhere/leaf.key"
openssl req -new -key "$elsewhere/leaf.key" -subj /CN=signer |
  openssl x509 -req -CA "$WORK/bundle.pem" -CAkey "$elsewhere/root.key" -set_serial 2 -days 2 \
    -out "$elsewhere/chain" 2>/dev/null
new_rsa_key one >"$WORK/jwks.json"
echo rsa >"$elsewhere/how"

port=$(free_port)
realm=http://localhost:$port/token # crane takes no realm that is an address of this machine
start_daemon elsewhere python3 "$LIB/token_server.py" serve "$port" our-registry elsewhere "$elsewhere"
wait_until 30 "the token service" curl -sf "$realm?service=our-registry"

settings=(--auth.external.realm "$realm" --auth.external.service our-registry --auth.external.issuer elsewhere
  --auth.external.certificates "$WORK/bundle.pem" --auth.external.jwks "$WORK/jwks.json")
start_server "${settings[@]}"
remote=docker://$REGISTRY
skopeo_as() { REGISTRY_AUTH_FILE=$WORK/$1.json skopeo "${@:2}"; }
copy_in() { skopeo_as "$1" copy --quiet --dest-tls-verify=false "oci:$LAYOUT:$2" "$remote/$3"; }
copy_out() { skopeo_as "$1" copy --quiet --src-tls-verify=false "$remote/$2" "oci:$WORK/out:$RANDOM"; }
crane_as() { DOCKER_CONFIG=$WORK/crane-$1 crane "${@:2}" 2>"$LOGS/crane.log"; }
token_of() { curl -sf -u "$1:$1-secret" "$realm?service=our-registry&scope=$2" | jq -r .token; }
status_with() { request "${@:2}" -H "Authorization: Bearer $1" && echo "$STATUS"; }

it "points to the other service, and issues no tokens itself"
request GET /v2/team-a/app/tags/list
expect_status 401
expect_equal "the challenge" \
  "Bearer realm=\"$realm\",service=\"our-registry\",scope=\"repository:team-a/app:pull\"" "$(header www-authenticate)"
request GET /auth/token
expect_status 404

it "logs in with skopeo and crane those whom the other service knows"
for user in alice bob olga; do
  skopeo_as "$user" login --tls-verify=false -u "$user" --password-stdin "$REGISTRY" <<<"$user-secret" >/dev/null
  crane_as "$user" auth login "$REGISTRY" -u "$user" --password-stdin <<<"$user-secret"
done
expect_failure skopeo_as mallory login --tls-verify=false -u alice -p guess "$REGISTRY"

for how in rsa chain; do
  it "lets each push and pull what their tokens say, with keys by $how"
  echo "$how" >"$elsewhere/how"
  copy_in alice app-one "alice/$how:one"
  copy_in alice app-two "alice/$how:one" # a token that may push may move a tag
  copy_out alice "alice/$how:one"
  copy_in olga app-one "public/$how:one"
  copy_out mallory "public/$how:one"
  crane_as alice copy --insecure "$REGISTRY/alice/$how:one" "$REGISTRY/alice/$how-copy:two"
  expect_equal "tags" "two" "$(crane_as alice ls --insecure "$REGISTRY/alice/$how-copy")"
  crane_as bob manifest --insecure "$REGISTRY/public/$how:one" >/dev/null
  expect_failure crane_as bob manifest --insecure "$REGISTRY/alice/$how:one"
  expect_failure crane_as alice copy --insecure "$REGISTRY/alice/$how:one" "$REGISTRY/bob/stolen:one"
  expect_failure copy_in mallory app-one "public/$how:one"
  expect_failure copy_out mallory "alice/$how:one"
done

it "follows a changed set of keys, keeps it when the next one is broken, and ends what the old keys signed"
echo rsa >"$elsewhere/how"
old=$(token_of alice repository:alice/rsa:pull)
expect_equal "with the old key" 200 "$(status_with "$old" GET /v2/alice/rsa/tags/list)"
new_rsa_key two >"$WORK/jwks.new"
mv "$WORK/jwks.new" "$WORK/jwks.json"
new=$(token_of alice repository:alice/rsa:pull)
new_works() { [[ $(status_with "$new" GET /v2/alice/rsa/tags/list) == 200 ]]; }
wait_until 20 "the new key" new_works
expect_equal "with the old key" 401 "$(status_with "$old" GET /v2/alice/rsa/tags/list)"
expect_match "the challenge" 'error="invalid_token"' "$(header www-authenticate)"
echo '{' >"$WORK/jwks.json"
wait_until 20 "the complaint" grep -q 'stay as they were' "$SERVER_LOG"
new_works
copy_out alice alice/rsa:one

it "takes a forged token from nobody"
IFS=. read -r head body _ <<<"$new"
mallory=$(base64 -w0 <<<'{"alg":"none"}' | tr '+/' '-_' | tr -d =)
for forged in "$head.$body." "$mallory.$body." "$head.$body.AAAA" "${new}A"; do
  expect_equal "a forged token" 401 "$(status_with "$forged" GET /v2/)"
done

it "asks the policy as well, where there is one"
stop_server
new_rsa_key three >"$WORK/jwks.json"
cat >"$WORK/policy.yaml" <<'RULES'
rules:
  - {deny: [overwrite], subjects: [authenticated], repositories: ['alice/**']}
  - {allow: [pull, push, overwrite], subjects: ['user:alice'], repositories: ['alice/**']}
RULES
start_server "${settings[@]}" --auth.policy "$WORK/policy.yaml"
copy_in alice app-one alice/fixed:one
expect_failure copy_in alice app-two alice/fixed:one
expect_failure copy_in bob app-one bob/app:one
copy_out alice alice/fixed:one

it "has passwords and tokens of its own beside it, where there are users"
stop_server
"$BINARY" user add carol --file "$WORK/users" <<<carol-secret 2>/dev/null
start_server "${settings[@]}" --auth.htpasswd "$WORK/users"
request GET /auth/token -u carol:carol-secret
expect_status 200
expect_equal "carol's token" 200 "$(status_with "$(jq -r .token "$WORK/body")" GET /v2/)"
copy_out alice alice/fixed:one

it "does not start without the keys, and says why"
stop_server
echo '{' >"$WORK/jwks.json"
expect_failure "$BINARY" serve --listen "$REGISTRY" --data-dir "$DATA" "${settings[@]}"
expect_match "the words" "jwks.json: this is no set of keys" "$OUTPUT"

it "writes no secret and no token to its log"
if grep -aE -- '-secret|eyJ|Basic |Bearer ' "$SERVER_LOG"; then fail "there is a secret in the log"; fi

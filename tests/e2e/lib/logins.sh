# A registry that asks who is there, over TLS with a certificate of a private CA, and what every client has to manage
# with it. Sourced after server.sh, private_ca.sh and namespaces.sh.

USERS=$WORK/users
POLICY=$WORK/policy.yaml
NAMED=registry.example
NAMED_ADDRESS=127.0.0.1
CHALLENGE=     # basic or bearer
TLS=           # host:port of the registry, once it runs
TRUSTED=$WORK/trusted  # the folder whose ca.crt the clients trust

# Users alice (may all in team-a, public and shared), bob (the same in team-b) and deploy (pulls everything). Whoever is
# logged in pulls what is shared, and everybody what is public.
prepare_logins() {
  local user
  add_host "$NAMED_ADDRESS" "$NAMED"
  make_ca
  make_ca "$WORK/other-ca"
  issue "$WORK/server" "DNS:localhost,IP:127.0.0.1,DNS:$NAMED"
  mkdir "$WORK/knowing" "$WORK/unknowing"
  cp "$CA.crt" "$WORK/knowing/ca.crt"
  cp "$WORK/other-ca.crt" "$WORK/unknowing/ca.crt"
  for user in alice bob deploy; do "$BINARY" user add "$user" --file "$USERS" <<<"$user-secret" 2>>"$LOGS/users.log"; done
  cat >"$POLICY" <<'END'
rules:
  - {allow: [pull, push, overwrite, delete], subjects: [user:alice], repositories: [team-a/**, public/**, shared/**]}
  - {allow: [pull, push, overwrite, delete], subjects: [user:bob], repositories: [team-b/**]}
  - {allow: [pull], subjects: [user:deploy], repositories: ['**']}
  - {allow: [pull], subjects: [authenticated], repositories: [shared/**]}
  - {allow: [pull], subjects: [anonymous, authenticated], repositories: [public/**]}
END
}

start_with_logins() {  # CHALLENGE HOST
  CHALLENGE=$1 TLS=$2:$(free_port)
  start_server --listen "https://$NAMED_ADDRESS:${TLS##*:}" --tls.certificates "$WORK/server.crt" --tls.keys "$WORK/server.key" \
    --auth.htpasswd "$USERS" --auth.policy "$POLICY" --auth.challenge "$CHALLENGE"
}

# An image at REPOSITORY:one, by plain HTTP, which the server speaks as well, and no client is told of.
seed() {  # USER REPOSITORY
  skopeo copy --quiet --dest-tls-verify=false --dest-creds "$1:$1-secret" "oci:$LAYOUT:busybox" "docker://$REGISTRY/$2:one"
}

# Clients look in $TRUSTED/ca.crt: that of the registry's CA, or that of another one.
trust() { ln -sfn "$WORK/knowing" "$TRUSTED"; }
distrust() { ln -sfn "$WORK/unknowing" "$TRUSTED"; }

# Runs what has to succeed, and keeps what it says out of the way. In a process of its own, so that any of its commands
# can fail it.
succeed() {  # COMMAND...
  "$@" >>"$LOGS/${1%%_*}.log" 2>&1 &
  wait $! || fail "$*"
}

# What a client says when it is refused.
expect_refusal() {  # WORDS COMMAND...
  expect_failure "${@:2}"
  expect_match "the words of '${*:2}'" "$1" "$OUTPUT"
}

# One client from distrust to logout. It is told by functions CLIENT_log_in USER PASSWORD, which fails with a wrong
# one, CLIENT_log_out, CLIENT_push REFERENCE and CLIENT_pull REFERENCE, which compares what came with what went; and
# by the words that it has for each refusal.
show_client() {  # CLIENT WORDS_FOR_THE_CERTIFICATE WORDS_FOR_THE_PASSWORD WORDS_FOR_THE_RIGHT
  local client=$1 certificate=$2 password=$3 right=$4
  local mine=team-a/$1 theirs=team-b/$1 public=public/$1

  it "$CHALLENGE: $client does not log in where another CA signed"
  distrust
  expect_refusal "$certificate" "${client}_log_in" alice alice-secret
  trust

  it "$CHALLENGE: $client logs in with the right password, and says that a wrong one is wrong"
  expect_refusal "$password" "${client}_log_in" alice guess
  succeed "${client}_log_in" alice alice-secret

  it "$CHALLENGE: $client pushes, and pulls the same bytes"
  succeed "${client}_push" "$mine:one"
  succeed "${client}_push" "$public:one"
  succeed "${client}_pull" "$mine:one"

  it "$CHALLENGE: $client is refused what the login is not good for"
  expect_refusal "$right" "${client}_push" "$theirs:one"
  expect_refusal "$right" "${client}_pull" "$theirs:one"
  succeed "${client}_log_out"
  succeed "${client}_log_in" deploy deploy-secret
  succeed "${client}_pull" "$mine:one"
  expect_refusal "$right" "${client}_push" "$mine:two"
  succeed "${client}_log_out"
  request GET "/v2/$mine/tags/list" -u deploy:deploy-secret
  expect_status 200
  expect_equal "the tags that were refused" '' "$(jq -r '.tags[] | select(. == "two" or . == "2.0.0")' "$WORK/body")"

  # Many have noted where its layers are, and ask to have them mounted from there.
  it "$CHALLENGE: $client pushes what it has seen where the next login may not look"
  succeed "${client}_log_in" bob bob-secret
  succeed "${client}_push" "$theirs:one"
  succeed "${client}_pull" "$theirs:one"
  succeed "${client}_log_out"
}

# What it pushed, by a function CLIENT_delete REFERENCE; not every client has one.
show_deletion() {  # CLIENT WORDS_FOR_THE_RIGHT WORDS_FOR_WHAT_IS_GONE
  it "$CHALLENGE: $1 deletes only where the login is good for that"
  succeed "$1_log_in" deploy deploy-secret
  expect_refusal "$2" "$1_delete" "team-a/$1:one"
  succeed "$1_pull" "team-a/$1:one"
  succeed "$1_log_out"
  succeed "$1_log_in" alice alice-secret
  succeed "$1_delete" "team-a/$1:one"
  expect_refusal "$3" "$1_pull" "team-a/$1:one"
  succeed "$1_log_out"
}

# The same client afterwards, without a login.
show_stranger() {  # CLIENT WORDS
  it "$CHALLENGE: $1 pulls what is public without a login, and nothing else"
  succeed "$1_pull" "public/$1:one"
  expect_refusal "$2" "$1_pull" "team-a/$1:one"
  expect_refusal "$2" "$1_push" "public/$1:two"
}

#!/usr/bin/env bash
# Two teams with a repository tree each, a public tree, an account that may only pull, one that may nothing and a robot
# for CI: every access of each to each, with passwords and with tokens, and what the audit log says of it.
source "$(dirname "$0")/lib/scenario.sh"
source "$LIB/server.sh"
source "$LIB/images.sh"
source "$LIB/teams.sh"

require_command curl jq openssl skopeo
prepare_layout
cd "$WORK"

set_up_teams
start_server --auth.htpasswd "$USERS" --auth.policy "$POLICY" --auth.audit_log "$AUDIT" --auth.challenge bearer
for tree in team-a team-b public; do fill_tree $tree; done

# ---- every access ----------------------------------------------------------------------------------------------

# What is tried in each tree, and where; the right that it takes, the status where it is allowed, and who is allowed it
# in team-a, team-b and public; people are all but robots, which have what they were made for. Who is not named is refused.
ACCESSES='
pull_by_tag           app      pull       200  alice,deploy,ci  bob,deploy  people
pull_by_digest        app      pull       200  alice,deploy,ci  bob,deploy  people
pull_blob             app      pull       200  alice,deploy,ci  bob,deploy  people
look_for_what_is_not  app      pull       404  alice,deploy,ci  bob,deploy  people
list_tags             app      pull       200  alice,deploy,ci  bob,deploy  people
list_referrers        app      pull       200  alice,deploy,ci  bob,deploy  people
push_blob             app      push       201  alice,ci         bob         alice
start_upload          app      push       202  alice,ci         bob         alice
look_at_upload        app      push       204  alice,ci         bob         alice
continue_upload       app      push       202  alice,ci         bob         alice
finish_upload         app      push       201  alice,ci         bob         alice
cancel_upload         app      push       204  alice,ci         bob         alice
push_manifest         app      push       201  alice,ci         bob         alice
push_released_tag     release  push       201  alice,ci         bob         alice
attach_artifact       app      push       201  alice,ci         bob         alice
move_tag              app      overwrite  201  alice            bob         alice
move_released_tag     release  overwrite  201  -                -           -
delete_tag            app      delete     202  alice            bob         alice
delete_released_tag   release  delete     202  -                -           -
delete_manifest       app      delete     202  alice            bob         alice
delete_blob           app      delete     202  alice            bob         alice
'

is_among() { [[ ($2 == people && $1 != ci) || ,$2, == *,$1,* ]]; }  # ACCOUNT ACCOUNTS

may_push() {  # ACCOUNT TREE
  case $1:$2 in alice:team-a | alice:public | bob:team-b | ci:team-a) ;; *) return 1 ;; esac
}

# Whoever has a login is told that it is not good for this; a token that is not good for it can be replaced.
refuse() { [[ $MEANS == password && $1 != stranger ]] && status=403 || status=401; }  # ACCOUNT   sets $status

try_access() {  # ACCESS RIGHT STATUS ACCOUNT TREE/NAME ACCOUNTS
  local access=$1 right=$2 status=$3 who=$4 tree=${5%/*} outcome=allowed
  "$access" "$who" "$tree"
  if ! is_among "$who" "$6"; then
    outcome=denied
    refuse "$who"
  fi
  if [[ $right == overwrite ]]; then
    # That a tag is there shows only while it is pushed.
    if may_push "$who" "$tree"; then
      expect_audited "$who" push "$5" allowed
      [[ $outcome == allowed ]] || status=403
      [[ $outcome == allowed ]] || expect_audited "$who" overwrite "$5" denied
    else
      expect_audited "$who" push "$5" denied
    fi
  elif [[ $right != pull || $outcome == denied ]]; then
    expect_audited "$who" "$right" "$5" $outcome
  fi
  expect_equal "$who with a $MEANS: $access in $tree" "$status" "$STATUS"
}

try_every_access() {  # ACCOUNT...
  local access name right status in_a in_b in_public who
  while read -r access name right status in_a in_b in_public; do
    [[ -n $access ]] || continue
    for who in "$@"; do
      try_access "$access" "$right" "$status" "$who" "team-a/$name" "$in_a"
      try_access "$access" "$right" "$status" "$who" "team-b/$name" "$in_b"
      try_access "$access" "$right" "$status" "$who" "public/$name" "$in_public"
    done
  done <<<"$ACCESSES"
}

for MEANS in password token; do
  it "lets each do what is theirs and nothing else, with a $MEANS"
  try_every_access alice bob deploy carol stranger
done

it "left released tags as they were"
for tree in team-a team-b public; do
  as_owner 200 HEAD "/v2/$tree/release/manifests/v1" -H "Accept: $MANIFEST"
  expect_equal "the digest of $tree/release:v1" "${IMAGE[$tree]}" "$(header docker-content-digest)"
done

# ---- mounts ----------------------------------------------------------------------------------------------------

# Whoever may not pull from the source gets the answer that they would get if it were not there.
try_mounts() {
  local who to from status tree
  while read -r who to from status; do
    [[ -n $who ]] || continue
    tree=${from%/*}
    [[ $status != refused ]] || refuse "$who"
    ask "$who" "$to:pull,push $from:pull" POST "/v2/$to/blobs/uploads/?mount=${LAYER[$tree]}&from=$from"
    expect_equal "$who with a $MEANS: mount from $from into $to" "$status" "$STATUS"
    [[ $status == 20* ]] && expect_audited "$who" push "$to" allowed || expect_audited "$who" push "$to" denied
    # The caller is not told that the source is closed, but the operator is.
    [[ $status != 202 ]] || expect_audited "$who" pull "$from" denied
  done
}

for MEANS in password token; do
  it "mounts from where the caller may pull, and tells nobody what is elsewhere, with a $MEANS"
  try_mounts <<<"
    alice    team-a/copy  team-a/app   201
    alice    team-a/copy  public/app   201
    alice    team-a/copy  team-b/app   202
    alice    team-a/copy  team-b/none  202
    alice    team-b/copy  team-a/app   refused
    bob      team-b/copy  team-b/app   201
    bob      team-b/copy  public/app   201
    bob      team-b/copy  team-a/app   202
    bob      public/copy  team-b/app   refused
    deploy   team-a/copy  team-b/app   refused
    carol    team-a/copy  public/app   refused
    stranger public/copy  public/app   refused"
done

MEANS=password
it "does not take a blob of the other team for one of this team"
ask alice team-a/app:pull GET "/v2/team-a/app/blobs/${LAYER[team-b]}"
expect_status 404
ask alice team-a/app:pull,push POST "/v2/team-a/app/blobs/uploads/?mount=${LAYER[team-b]}"
expect_status 202
expect_audited alice push team-a/app allowed
make_manifest team-b
# shellcheck disable=SC2154  # lib/teams.sh has it
ask alice team-a/app:pull,push PUT /v2/team-a/app/manifests/borrowed "${manifest[@]}" "@$MADE"
expect_status 400
expect_equal "code" MANIFEST_BLOB_UNKNOWN "$(jq -r '.errors[0].code' body)"
expect_audited alice push team-a/app allowed

# ---- lists and words -------------------------------------------------------------------------------------------

catalog_of() {  # ACCOUNT
  ask "$1" 'registry:catalog:*' GET /v2/_catalog
  expect_status 200
  jq -r '.repositories | join(" ")' body
}
team_a='team-a/app team-a/copy team-a/release'
team_b='team-b/app team-b/copy team-b/release'
public='public/app public/release'
for MEANS in password token; do
  it "shows each the catalog of what they may pull, with a $MEANS"
  expect_equal "for alice" "$public $team_a" "$(catalog_of alice)"
  expect_equal "for bob" "$public $team_b" "$(catalog_of bob)"
  expect_equal "for deploy" "$public $team_a $team_b" "$(catalog_of deploy)"
  for who in carol stranger; do expect_equal "for $who" "$public" "$(catalog_of $who)"; done
done

MEANS=password
it "refuses what is there and what is not in the same words"
for who in bob carol stranger; do
  words=()
  for path in app/manifests/one app/manifests/none none/manifests/one "app/blobs/${LAYER[team-a]}" "app/blobs/$EMPTY" \
    none/tags/list "app/referrers/${IMAGE[team-a]}" "app/referrers/$EMPTY"; do
    ask $who team-a/app:pull GET "/v2/team-a/$path"
    expect_audited $who pull "team-a/${path%%/*}" denied
    words+=("$STATUS $(cat body)")
  done
  expect_equal "different answers to $who" 1 "$(printf '%s\n' "${words[@]}" | sort -u | wc -l)"
done

# ---- a robot for CI --------------------------------------------------------------------------------------------

robot() { "$BINARY" robot "$@" --data-dir "$DATA" 2>>"$LOGS/robot.log"; }
# What `robot create` and `robot rotate` tell, which is the only time that they do.
take_secret() {  # ACCOUNT
  LOGIN[$1]=$(jq -r .login robot.json)
  SECRET[$1]=$(jq -r .secret robot.json)
  expect_match "the secret of $1" '^shale_[0-9A-Za-z]{46}$' "${SECRET[$1]}"
  remember_secrets "${SECRET[$1]}" "$(printf %s "${LOGIN[$1]}:${SECRET[$1]}" | base64 -w 0)"
}
gets() { ask "$1" team-a/app:pull GET /v2/team-a/app/tags/list && [[ $STATUS == "$2" ]]; }  # ACCOUNT STATUS

it "makes a robot for CI, whose secret is shown once"
robot create ci --repositories 'team-a/**' --allow pull,push --expires 90d --output json >robot.json
take_secret ci
expect_equal "login" robot+ci "${LOGIN[ci]}"
expect_equal "mode of the file of robots" 600 "$(stat -c %a "$DATA/auth/robots.json")"
expect_failure robot create ci --repositories 'team-a/**' --allow pull
expect_equal "robots" '["ci",["pull","push"],["team-a/**"],null]' \
  "$(robot list --output json | jq -c '.robots[0] | [.name, .permissions[0].actions, .permissions[0].repositories, .secret]')"

for MEANS in password token; do
  it "lets the robot do what it was made for and nothing else, with its secret as a $MEANS"
  try_every_access ci
  try_mounts <<<"
    ci  team-a/mounted  team-a/app  201
    ci  team-a/mounted  team-b/app  202
    ci  team-a/mounted  public/app  202
    ci  public/mounted  team-a/app  refused"
  expect_equal "the catalog for ci" "team-a/app team-a/copy team-a/mounted team-a/release" "$(catalog_of ci)"
done

it "serves a client that logs in as the robot"
export REGISTRY_AUTH_FILE=$WORK/auth.json
skopeo login --tls-verify=false -u robot+ci --password-stdin "$REGISTRY" <<<"${SECRET[ci]}" >>"$LOGS/skopeo.log"
skopeo copy --quiet --dest-tls-verify=false "oci:$LAYOUT:busybox" "docker://$REGISTRY/team-a/built:1"
skopeo copy --quiet --src-tls-verify=false "docker://$REGISTRY/team-a/built:1" "oci:$WORK/built:busybox"
expect_same_image busybox built
expect_failure skopeo copy --quiet --dest-tls-verify=false "oci:$LAYOUT:busybox" "docker://$REGISTRY/team-b/built:1"
expect_match "skopeo's words" 'denied' "$OUTPUT"

it "lets nobody make robots whom no rule lets"
MEANS=password
for who in alice deploy ci; do
  ask $who team-a/app:pull POST /api/v1/robots -H 'Content-Type: application/json' \
    -d '{"name": "mine", "permissions": [{"actions": ["pull"], "repositories": ["team-a/**"]}]}'
  expect_status 403
  expect_audited $who admin '' denied
done
ask stranger team-a/app:pull GET /api/v1/robots
expect_status 401

it "gives the robot a new secret, and ends the one before it with its tokens"
# shellcheck disable=SC2154  # it is a key
SECRET[former]=${SECRET[ci]} LOGIN[former]=${LOGIN[ci]}
gets ci 200
robot rotate ci --output json >robot.json
take_secret ci
gets ci 200
gets former 401
MEANS=token
gets ci 401
TOKEN=()
gets ci 200
expect_match "when it was last used" '^20' "$(robot list --output json | jq -r '.robots[0].last_used')"

it "ends a robot when its time is over, and when it is revoked, with the tokens that it has"
robot create brief --repositories 'team-a/**' --allow pull --expires 2s --output json >robot.json
take_secret brief
gets brief 200
wait_until 10 "the brief robot's end" gets brief 401
robot revoke ci
wait_until 1 "the robot's end" gets ci 401
MEANS=password
gets ci 401
gets brief 401

# ---- what is written down --------------------------------------------------------------------------------------

it "wrote down who did what, and which rule decided"
expect_audit_log
expect_equal "what the operator did" "create robot ci, rotate robot ci, create robot brief, revoke robot ci" \
  "$(jq -r 'select(.msg == "change" and .kind == "operator") | "\(.change) \(.target)"' "$AUDIT" | paste -sd, | sed 's/,/, /g')"

it "wrote no password and no token anywhere"
wrong=wrong-$(openssl rand -hex 8)
remember_secrets "$wrong"
request GET /v2/ -u "alice:$wrong"
expect_status 401
request POST /auth/token --data-urlencode grant_type=password --data-urlencode username=bob \
  --data-urlencode "password=${SECRET[bob]}" -d 'service=shale&client_id=test&access_type=offline&scope=repository:team-b/app:pull'
expect_status 200
remember_secrets "$(jq -r .access_token body)" "$(jq -r .refresh_token body)"
request POST /auth/token -d grant_type=refresh_token --data-urlencode "refresh_token=$(jq -r .refresh_token body)" -d service=shale
expect_status 200
remember_secrets "$(jq -r .access_token body)"
wait_until 10 "the log" grep -q "$(header x-request-id)" "$SERVER_LOG"
expect_no_secret_in "$AUDIT" "$SERVER_LOG" "$USERS" "$DATA" "/proc/$SERVER_PID/cmdline" "/proc/$SERVER_PID/environ"

stop_server

# Two teams, their trees, every access that there is, and a way to ask that knows what the audit log has to say.
# Sourced after server.sh.

USERS=$WORK/users
POLICY=$WORK/policy.yaml
AUDIT=$WORK/audit.log
SECRETS=$WORK/secrets    # every secret of the script, to be looked for where none may be
ASKED=$WORK/asked        # the request ids of what was asked as somebody
EXPECTED=$WORK/expected  # the lines of the audit log that have to be there for them
STRANGERS=0              # how many have asked
MEANS=password           # how an account shows who it is: password or token

declare -A LOGIN=() SECRET=()     # of each account
declare -A TOKEN=()               # of account and scope
declare -A LAYER=() IMAGE=()      # a blob and a manifest that only one tree has
declare -A RULE_LINE=()           # where the policy has a rule

EMPTY=sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a  # of `{}`
MADE=$WORK/made  # what was made last, to be pushed
MANIFEST=application/vnd.oci.image.manifest.v1+json

# The owner may all, and prepares what the others try. Carol has a login and no rule.
set_up_teams() {
  local name number=0 line
  for name in owner alice bob deploy carol; do
    LOGIN[$name]=$name
    SECRET[$name]=$name-$(openssl rand -hex 8)
    remember_secrets "${SECRET[$name]}" "$(printf %s "$name:${SECRET[$name]}" | base64 -w 0)"
    "$BINARY" user add "$name" --file "$USERS" <<<"${SECRET[$name]}" 2>>"$LOGS/users.log"
  done
  cat >"$POLICY" <<'END'
groups:
  team-a: [alice]
  team-b: [bob]
rules:
  - {allow: [pull, push, overwrite, delete], subjects: [user:owner], repositories: ['**']}
  - {deny: [overwrite, delete], subjects: [authenticated], repositories: ['*/release']}
  - {allow: [pull, push, overwrite, delete], subjects: [group:team-a], repositories: [team-a/**, public/**]}
  - {allow: [pull, push, overwrite, delete], subjects: [group:team-b], repositories: [team-b/**]}
  - {allow: [pull], subjects: [user:deploy], repositories: ['**']}
  - {allow: [pull], subjects: [anonymous, authenticated], repositories: [public/**]}
END
  RULE_LINE[0]=0
  for line in $(grep -n '^  - {' "$POLICY" | cut -d: -f1); do RULE_LINE[$((++number))]=$line; done
}

# ---- secrets ---------------------------------------------------------------------------------------------------

remember_secrets() { printf '%s\n' "$@" >>"$SECRETS"; }

expect_no_secret_in() {  # FILE OR FOLDER...
  local found
  found=$(grep -raFl -f "$SECRETS" "$@" || true)
  [[ -z $found ]] || fail "there are secrets in $found"
}

# ---- asking as somebody ----------------------------------------------------------------------------------------

# A password, a token for what is asked, or nothing: in $CREDENTIALS.
show_who() {  # ACCOUNT SCOPE...   each REPOSITORY:ACTIONS
  local who=$1 token key="$*" query=service=shale scope
  CREDENTIALS=()
  [[ $who == stranger ]] || CREDENTIALS=(-u "${LOGIN[$who]}:${SECRET[$who]}")
  [[ $MEANS == token ]] || return 0
  if [[ -z ${TOKEN[$key]:-} ]]; then
    for scope in "${@:2}"; do
      [[ $scope == registry:* ]] && query+="&scope=$scope" || query+="&scope=repository:$scope"
    done
    request GET "/auth/token?$query" "${CREDENTIALS[@]}"
    expect_status 200
    token=$(jq -r .token "$WORK/body")
    remember_secrets "$token" "${token##*.}"
    TOKEN[$key]=$token
  fi
  CREDENTIALS=(-H "Authorization: Bearer ${TOKEN[$key]}")
}

ask() {  # ACCOUNT SCOPES METHOD PATH [CURL OPTIONS...]
  # shellcheck disable=SC2086  # several scopes are several words
  show_who "$1" $2
  # The audit log has room for few lines of one stranger, so each request is another's.
  [[ $1 != stranger ]] || CREDENTIALS+=(--interface "127.1.$((++STRANGERS / 250)).$((STRANGERS % 250 + 1))")
  request "$3" "$4" "${CREDENTIALS[@]}" "${@:5}" -w '%{http_code} %header{x-request-id}'
  REQUEST_ID=${STATUS#* } STATUS=${STATUS%% *}
  echo "$REQUEST_ID" >>"$ASKED"
}

as_owner() {  # STATUS METHOD PATH [CURL OPTIONS...]
  request "$2" "$3" -u "owner:${SECRET[owner]}" "${@:4}"
  expect_status "$1"
}

# ---- the audit log ---------------------------------------------------------------------------------------------

# The last request is to be in the audit log with this.
expect_audited() {  # ACCOUNT ACTION REPOSITORY allowed|denied
  local name=$1 kind=user rule
  case $1 in stranger) name='' kind=anonymous ;; ci) kind=robot ;; esac
  find_rule "$1" "${3##*/}" "$2" "$4"
  printf '%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n' "$REQUEST_ID" "$name" "$kind" "$2" "$3" "$4" "$rule" "${RULE_LINE[$rule]}" \
    >>"$EXPECTED"
}

# The number of the rule that decides, as the policy above has it, in $rule; 0 where none does.
find_rule() {  # ACCOUNT NAME ACTION allowed|denied
  case $1:$2:$3:$4 in
    ci:* | stranger:*) rule=0 ;;
    *:release:overwrite:denied | *:release:delete:denied) rule=2 ;;
    *:denied) rule=0 ;;
    alice:*) rule=3 ;;
    bob:*) rule=4 ;;
    *) fail "no rule lets $1 $3" ;;
  esac
}

# Of everything that was asked as somebody, the audit log has what was expected, each once, and nothing else.
expect_audit_log() {
  wait_until 10 "the audit log" grep -q "$(tail -n 1 "$EXPECTED" | cut -f1)" "$AUDIT"
  jq -r 'select(.msg == "access") |
    [.request_id, .user, .kind, .action, .repository, .outcome, .rule, .line] | @tsv' "$AUDIT" |
    awk -F'\t' 'NR == FNR { asked[$1]; next } $1 in asked' "$ASKED" - | sort >"$WORK/audited"
  diff <(sort "$EXPECTED") "$WORK/audited" >"$WORK/differences" ||
    fail "the audit log has other lines than it should: $(head -n 10 "$WORK/differences")"
  echo "        $(wc -l <"$EXPECTED") lines of $(wc -l <"$ASKED") requests"
}

# ---- the trees -------------------------------------------------------------------------------------------------

# A manifest of one layer that no other has, in $MADE, with its digest in $DIGEST. SUBJECT is a digest and a size.
make_manifest() {  # TREE [SUBJECT]
  local more='' digest size
  if [[ -n ${2:-} ]]; then
    read -r digest size <<<"$2"
    printf -v more ', "artifactType": "application/vnd.example.note", "subject": {"mediaType": "%s", "digest": "%s", "size": %d}' \
      "$MANIFEST" "$digest" "$size"
  fi
  make '{"schemaVersion": 2, "mediaType": "%s", "annotations": {"note": "%s"},
    "config": {"mediaType": "application/vnd.oci.empty.v1+json", "digest": "%s", "size": 2},
    "layers": [{"mediaType": "application/octet-stream", "digest": "%s", "size": 32}]%s}' \
    "$MANIFEST" "$SRANDOM$SRANDOM" "$EMPTY" "${LAYER[$1]}" "$more"
}
# 32 bytes that nobody has yet, likewise.
make_blob() { make '%08x%08x%08x%08x' $SRANDOM $SRANDOM $SRANDOM $SRANDOM; }
make() {  # WHAT printf TAKES...
  # shellcheck disable=SC2059  # the format is what it is about
  printf "$@" >"$MADE"
  read -r DIGEST _ < <(sha256sum "$MADE")
  DIGEST=sha256:$DIGEST
}
bytes=(-H 'Content-Type: application/octet-stream' --data-binary)
manifest=(-H "Content-Type: $MANIFEST" --data-binary)

# The repositories `app`, with the image `one`, and `release`, with `v1`.
fill_tree() {  # TREE
  local repository layer
  make_blob
  cp "$MADE" "$WORK/$1.layer"
  LAYER[$1]=$DIGEST
  layer=$DIGEST
  for repository in app release; do
    as_owner 201 POST "/v2/$1/$repository/blobs/uploads/?digest=$EMPTY" "${bytes[@]}" '{}'
    as_owner 201 POST "/v2/$1/$repository/blobs/uploads/?digest=$layer" "${bytes[@]}" "@$WORK/$1.layer"
  done
  make_manifest "$1"
  IMAGE[$1]=$DIGEST
  cp "$MADE" "$WORK/$1.image"
  as_owner 201 PUT "/v2/$1/app/manifests/one" "${manifest[@]}" "@$WORK/$1.image"
  as_owner 201 PUT "/v2/$1/release/manifests/v1" "${manifest[@]}" "@$WORK/$1.image"
}

# ---- every access: each takes ACCOUNT and TREE, prepares what it needs, and leaves the answer of `ask` ----------

pull_by_tag() { ask "$1" "$2/app:pull" GET "/v2/$2/app/manifests/one"; }
pull_by_digest() { ask "$1" "$2/app:pull" HEAD "/v2/$2/app/manifests/${IMAGE[$2]}"; }
pull_blob() { ask "$1" "$2/app:pull" GET "/v2/$2/app/blobs/${LAYER[$2]}"; }
look_for_what_is_not() { ask "$1" "$2/app:pull" GET "/v2/$2/app/manifests/none"; }
list_tags() { ask "$1" "$2/app:pull" GET "/v2/$2/app/tags/list"; }
list_referrers() { ask "$1" "$2/app:pull" GET "/v2/$2/app/referrers/${IMAGE[$2]}"; }

push_blob() {
  make_blob
  ask "$1" "$2/app:pull,push" POST "/v2/$2/app/blobs/uploads/?digest=$DIGEST" "${bytes[@]}" "@$MADE"
}
start_upload() { ask "$1" "$2/app:pull,push" POST "/v2/$2/app/blobs/uploads/"; }
new_upload() {  # TREE   one of the owner's, in $UPLOAD
  as_owner 202 POST "/v2/$1/app/blobs/uploads/"
  UPLOAD=$(header location)
}
look_at_upload() { new_upload "$2" && ask "$1" "$2/app:pull,push" GET "$UPLOAD"; }
cancel_upload() { new_upload "$2" && ask "$1" "$2/app:pull,push" DELETE "$UPLOAD"; }
continue_upload() { new_upload "$2" && make_blob && ask "$1" "$2/app:pull,push" PATCH "$UPLOAD" "${bytes[@]}" "@$MADE"; }
finish_upload() {
  new_upload "$2" && make_blob && ask "$1" "$2/app:pull,push" PUT "$UPLOAD?digest=$DIGEST" "${bytes[@]}" "@$MADE"
}

push_manifest() {
  make_manifest "$2"
  ask "$1" "$2/app:pull,push" PUT "/v2/$2/app/manifests/new-${DIGEST: -8}" "${manifest[@]}" "@$MADE"
}
push_released_tag() {
  make_manifest "$2"
  ask "$1" "$2/release:pull,push" PUT "/v2/$2/release/manifests/new-${DIGEST: -8}" "${manifest[@]}" "@$MADE"
}
attach_artifact() {
  make_manifest "$2" "${IMAGE[$2]} $(stat -c %s "$WORK/$2.image")"
  ask "$1" "$2/app:pull,push" PUT "/v2/$2/app/manifests/$DIGEST" "${manifest[@]}" "@$MADE"
}
move_tag() {
  as_owner 201 PUT "/v2/$2/app/manifests/moved" "${manifest[@]}" "@$WORK/$2.image"
  make_manifest "$2"
  ask "$1" "$2/app:pull,push" PUT "/v2/$2/app/manifests/moved" "${manifest[@]}" "@$MADE"
}
move_released_tag() {
  make_manifest "$2"
  ask "$1" "$2/release:pull,push" PUT "/v2/$2/release/manifests/v1" "${manifest[@]}" "@$MADE"
}

delete_tag() {
  as_owner 201 PUT "/v2/$2/app/manifests/victim" "${manifest[@]}" "@$WORK/$2.image"
  ask "$1" "$2/app:delete" DELETE "/v2/$2/app/manifests/victim"
}
delete_released_tag() { ask "$1" "$2/release:delete" DELETE "/v2/$2/release/manifests/v1"; }
delete_manifest() {
  make_manifest "$2"
  as_owner 201 PUT "/v2/$2/app/manifests/$DIGEST" "${manifest[@]}" "@$MADE"
  ask "$1" "$2/app:delete" DELETE "/v2/$2/app/manifests/$DIGEST"
}
delete_blob() {
  make_blob
  as_owner 201 POST "/v2/$2/app/blobs/uploads/?digest=$DIGEST" "${bytes[@]}" "@$MADE"
  ask "$1" "$2/app:delete" DELETE "/v2/$2/app/blobs/$DIGEST"
}

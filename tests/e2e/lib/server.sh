# Starts, restarts and stops the registry under test. Sourced after scenario.sh.
#
# Debian's docker-registry may be given as the binary: a client that fails against both is not Shale's trouble.

DATA=$WORK/data
REGISTRY=      # host:port, once the server runs
SERVER_PID=
SERVER_PREFIX=()  # a command that runs the server, as another user for instance
SERVER_LOG=$LOGS/server.log

# Sanitized builds keep shadow memory and quarantine what was freed, so that bounds on memory say nothing there.
is_sanitized() { grep -qaE '__(asan|tsan)_init' "$BINARY"; }
is_stand_in() { [[ ${BINARY##*/} == docker-registry ]]; }

free_port() { python3 "$ROOT/tests/support/free_port.py"; }

# Whether it answers; one that asks for a login answers 401.
server_answers() {
  [[ $(curl -sS --max-time 5 -o /dev/null -w '%{http_code}' "http://$REGISTRY/v2/" 2>/dev/null) =~ ^(200|401)$ ]]
}

# Starts the server, on the port it had before if there was one, and waits until it answers.
start_server() {  # [FLAGS...]   settings may also be given as SHALE_SECTION__KEY in the environment
  local answers=60
  : "${REGISTRY:=127.0.0.1:$(free_port)}"
  if is_stand_in; then
    start_stand_in
  else
    start_daemon server "${SERVER_PREFIX[@]}" "$BINARY" serve --listen "$REGISTRY" --data-dir "$DATA" "$@"
  fi
  SERVER_PID=${DAEMON_PID[server]}
  local deadline=$((SECONDS + answers))
  until server_answers; do
    daemon_runs server || fail "the server ended instead of serving"
    ((SECONDS < deadline)) || fail "the server does not answer on $REGISTRY"
    sleep 0.05
  done
}

start_stand_in() {
  cat >"$WORK/registry.yml" <<EOF
version: 0.1
storage: {filesystem: {rootdirectory: $DATA}, delete: {enabled: true}}
http: {addr: $REGISTRY}
EOF
  start_daemon server "$BINARY" serve "$WORK/registry.yml"
}

# Stops the server as an operator would. It has to end well: in time, with status 0, and with nothing that a
# sanitizer complained of.
stop_server() {
  stop_daemon server 30
  is_stand_in && return
  expect_equal "the server's exit status after SIGTERM" 0 "$DAEMON_STATUS"
  if grep -aE -A 30 'ERROR: [A-Za-z]*Sanitizer|WARNING: ThreadSanitizer|runtime error:' "$SERVER_LOG" >&2; then
    fail "a sanitizer complained in the server's log"
  fi
}

restart_server() {
  stop_server
  start_server "$@"
}

# ---- memory, in KiB --------------------------------------------------------------------------------------------

server_memory() { awk -v field="$1:" '$1 == field { print $2 }' "/proc/$SERVER_PID/status"; }
server_rss() { server_memory VmRSS; }
server_peak_rss() { server_memory VmHWM; }

expect_peak_rss_below() {  # MIB
  local peak
  peak=$(server_peak_rss)
  if is_sanitized; then
    echo "        NOT SHOWN: peak memory below $1 MiB (a sanitized build; it was $((peak / 1024)) MiB)"
    return
  fi
  expect_less "the server's peak resident memory in KiB" "$peak" $(($1 * 1024))
  echo "        peak resident memory: $((peak / 1024)) MiB"
}

# ---- asking ----------------------------------------------------------------------------------------------------

MANIFEST_TYPES='application/vnd.oci.image.index.v1+json, application/vnd.oci.image.manifest.v1+json'
MANIFEST_TYPES+=', application/vnd.docker.distribution.manifest.list.v2+json'
MANIFEST_TYPES+=', application/vnd.docker.distribution.manifest.v2+json'

# Plain HTTP, in a bounded time. The status goes to $STATUS, headers to $WORK/head, the body to $WORK/body.
request() {  # METHOD PATH-OR-URL [CURL OPTIONS...]
  local method=$1 url=$2
  shift 2
  [[ $url == http* ]] || url=http://$REGISTRY$url
  local verb=(-X "$method")
  [[ $method == HEAD ]] && verb=(--head)
  : >"$WORK/body" # curl leaves it as it was where an answer has no body
  STATUS=$(curl -sS --max-time 60 "${verb[@]}" -D "$WORK/head" -o "$WORK/body" -w '%{http_code}' "$@" "$url")
}

expect_status() { [[ $STATUS == "$1" ]] || fail "expected status $1, got $STATUS: $(head -c 400 "$WORK/body")"; }

# The value of a header of the last answer, empty where it is absent.
header() {
  tr -d '\r' <"$WORK/head" | awk -v name="${1,,}:" 'tolower($1) == name { sub(/^[^ ]* */, ""); value = $0 } END { print value }'
}

registry_digest() {  # REPOSITORY REFERENCE
  request HEAD "/v2/$1/manifests/$2" -H "Accept: $MANIFEST_TYPES"
  expect_status 200
  header docker-content-digest
}

registry_tags() {  # REPOSITORY   the tags on one line
  request GET "/v2/$1/tags/list"
  expect_status 200
  jq -r '.tags | sort | join(" ")' "$WORK/body"
}

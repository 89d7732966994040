#!/usr/bin/env bash
# nginx and HAProxy with the files of deploy/ as they are, in a network of their own, in front of a Shale that listens
# where it does by default: docker's large layers, addresses, request ids, what is shut, streaming, and restarts.
source "$(dirname "$0")/lib/namespaces.sh"
enter_namespaces --mount --net -- "$@"
source "$(dirname "$0")/lib/scenario.sh"
source "$LIB/server.sh"
source "$LIB/docker.sh"
source "$LIB/private_ca.sh"

require_command haproxy busybox openssl jq
[[ -x /usr/sbin/nginx ]] || skip "nginx is not installed (Debian package nginx-light)"
require_namespaces

HOST=registry.example.com
OUTSIDE=192.0.2.1
LAYER_MB=${SHALE_PROXY_LAYER_MB:-200}
REGISTRY=127.0.0.1:5000
PROXY=  # the one that is in front

add_address "$OUTSIDE"
add_host "$OUTSIDE" "$HOST"
make_ca
issue "$WORK/shale" "DNS:$HOST"

# Covers a folder of a proxy with one of this script's own, which has these files.
cover() {  # FOLDER [FILES...]
  local mine=$WORK/covers/${1//\//_}
  mkdir -p "$mine"
  (($# == 1)) || cp "${@:2}" "$mine"
  mount --bind "$mine" "$1"
}

start_nginx() {
  # Debian's own file but for the place of the process's number.
  sed "s|^pid .*|pid $WORK/nginx.pid;|" /etc/nginx/nginx.conf >"$WORK/nginx.conf"
  cover /etc/nginx /etc/nginx/mime.types "$WORK"/{nginx.conf,shale.crt,shale.key}
  mkdir /etc/nginx/conf.d
  cp "$ROOT/deploy/nginx/shale.conf" /etc/nginx/conf.d/
  without_ipv6 /etc/nginx/conf.d/shale.conf
  cover /var/lib/nginx
  cover /var/log/nginx
  start_daemon nginx /usr/sbin/nginx -g 'daemon off;'
}
nginx_log() { cat /var/log/nginx/shale.log; }

start_haproxy() {
  cat "$WORK/shale.crt" "$WORK/shale.key" >"$WORK/shale.pem"
  cover /etc/haproxy "$ROOT/deploy/haproxy/haproxy.cfg" "$WORK/shale.pem"
  without_ipv6 /etc/haproxy/haproxy.cfg
  start_daemon haproxy haproxy -db -f /etc/haproxy/haproxy.cfg
}
haproxy_log() { cat "$LOGS/haproxy.log"; }

# The machine may have no IPv6.
without_ipv6() { [[ -e /proc/net/if_inet6 ]] || sed -i '/\[::\]/d' "$1"; }

start_shale() { start_server --server.trusted_proxies 127.0.0.1 --server.absolute_locations true; }

through() { request "$1" "https://$HOST$2" --cacert "$CA.crt" "${@:3}"; }
is_through() { through GET /v2/ && [[ $STATUS == 200 ]]; }

# The bytes of uploads that Shale has by now.
received() { find "$DATA/uploads" -type f -printf '%s\n' | awk '{ sum += $1 } END { print sum + 0 }'; }
has_received() { (($(received) >= $1)); }

# Files that the proxy's processes have open and nobody else can see; those that this script was given aside.
hidden_files() {
  local folders
  mapfile -t folders < <({ echo "${DAEMON_PID[$PROXY]}" && { pgrep -P "${DAEMON_PID[$PROXY]}" || true; }; } | sed 's|.*|/proc/&/fd|')
  find "${folders[@]}" -lname '/*(deleted)' -not -lname '/dev/*' -not -lname '/memfd:*' -printf '%l\n' |
    grep -vxFf <(find "/proc/$$/fd" -type l -printf '%l\n') || true
}

show_addresses() {
  it "$PROXY: what a client says of itself is replaced, and the request has one id in both logs and in the answer"
  through POST /v2/team/app/blobs/uploads/ -H 'X-Forwarded-Host: evil.example' -H 'X-Forwarded-Proto: http' \
    -H 'Forwarded: host=evil.example;for=198.51.100.7' -H 'X-Forwarded-For: 198.51.100.7' -H 'X-Request-Id: mine'
  expect_status 202
  expect_match "location" "^https://registry\.example\.com/v2/team/app/blobs/uploads/" "$(header location)"
  local id
  id=$(header x-request-id)
  [[ -n $id && $id != mine ]] || fail "the request's id is '$id'"
  logged() { grep -F "\"$id\"" "$SERVER_LOG" | grep -q "\"client\":\"$OUTSIDE\"" && "${PROXY}_log" | grep -qF "$id"; }
  wait_until 30 "id and client in the logs" logged
}

show_what_is_shut() {
  it "$PROXY: what is not for clients is for operators' addresses alone"
  local path
  for path in /metrics /%6detrics /api/v1/status /livez /; do
    through GET "$path"
    expect_status 403
  done
  for path in /v2/../metrics //metrics /v2/%2e%2e/metrics; do
    through GET "$path" --path-as-is
    [[ $STATUS == 4* ]] || fail "$path was answered with $STATUS"
  done
  for path in /metrics /api/v1/status /livez; do
    through GET "$path" --resolve "$HOST:443:127.0.0.1"
    expect_status 200
  done
}

show_doctor() {
  it "$PROXY: shale doctor finds nothing to change"
  local code=0
  (cd "$WORK" && timeout 120 "$BINARY" doctor "https://$HOST" --ca "$CA.crt" --output json) >"$WORK/found" </dev/null || code=$?
  cat "$WORK/found" >>"$LOGS/doctor.log"
  expect_equal "what is not ok" ' 0' "$(jq -r '[.checks[] | select(.verdict != "ok") | "\(.check): \(.found)"] | join(", ")' "$WORK/found") $code"
  expect_equal "what it is not shown" 'version ready' \
    "$(jq -r '[.checks[] | select(.found == "not shown to clients").check] | join(" ")' "$WORK/found")"
}

show_streams() {
  it "$PROXY: bytes of an upload reach Shale while the client still sends, and none wait in a file of the proxy"
  through POST /v2/team/stream/blobs/uploads/
  mkfifo "$WORK/$PROXY.pipe"
  curl -sS --max-time 60 --cacert "$CA.crt" -o /dev/null -w '%{http_code}' -X PATCH -T - \
    -H 'Content-Type: application/octet-stream' "$(header location)" <"$WORK/$PROXY.pipe" >"$WORK/upload-status" &
  local client=$! before
  before=$(received)
  exec 5>"$WORK/$PROXY.pipe"
  head -c 8M /dev/zero >&5
  wait_until 30 "the bytes to reach Shale" has_received $((before + 7000000))
  expect_equal "files" '' "$(hidden_files)"
  exec 5>&-
  wait "$client"
  expect_equal "status" 202 "$(cat "$WORK/upload-status")"

  it "$PROXY: a slow client's download waits in Shale, not in a file of the proxy"
  curl -sS --max-time 60 --limit-rate 4M --cacert "$CA.crt" -o "$WORK/slow" "https://$HOST/v2/team/large/blobs/$LAYER" &
  client=$!
  wait_until 30 "the first bytes" is_larger "$WORK/slow" 1000000
  expect_equal "files" '' "$(hidden_files)"
  kill "$client"
  wait "$client" || true
}
is_larger() { (($(stat -c %s "$1") > $2)); }

# Docker pushes while Shale goes and comes back, and pulls what it pushed.
show_docker() {  # HOW IT GOES
  it "$PROXY: docker pushes a layer of $LAYER_MB MB although Shale $1 in the middle, and pulls it"
  docker tag large "$HOST/team/large"
  docker push "$HOST/team/large" >"$WORK/push" 2>&1 &
  local client=$!
  wait_until 60 "a fifth of the layer" has_received $((LAYER_MB * 200000))
  if [[ $1 == 'is killed' ]]; then
    kill -KILL "$SERVER_PID"
    stop_daemon server
  else
    stop_server
  fi
  kill -0 "$client" || fail "the push had ended before"
  start_shale
  wait "$client" || fail "docker push: $(tail -n 3 "$WORK/push")"
  docker image rm "$HOST/team/large" large >/dev/null
  docker pull -q "$HOST/team/large" >/dev/null
  expect_equal "image id" "$IMAGE" "$(image_id "$HOST/team/large")"
  docker tag "$HOST/team/large" large
  through GET /v2/team/large/manifests/latest -H "Accept: $MANIFEST_TYPES"
  LAYER=$(jq -r '.layers[0].digest' "$WORK/body")
}

start_docker
cover /etc/docker
mkdir -p "/etc/docker/certs.d/$HOST"
cp "$CA.crt" "/etc/docker/certs.d/$HOST/ca.crt"
head -c "${LAYER_MB}M" /dev/urandom >"$WORK/layer"
tar -C "$WORK" -c layer | docker import - large >/dev/null
rm "$WORK/layer"
IMAGE=$(image_id large)

for PROXY in nginx haproxy; do
  rm -rf "$DATA" # so that docker sends the layer again
  start_shale
  "start_$PROXY"
  wait_until 30 "$PROXY to answer" is_through
  if [[ $PROXY == nginx ]]; then show_docker 'is killed'; else show_docker 'is stopped'; fi
  show_addresses
  show_what_is_shut
  show_doctor
  show_streams
  if [[ $PROXY == haproxy ]]; then
    it "haproxy: a request that comes while Shale is away is answered when it is back"
    stop_server
    curl -sS --max-time 60 --cacert "$CA.crt" -o /dev/null -w '%{http_code}' "https://$HOST/v2/" >"$WORK/waited" &
    client=$!
    start_shale
    wait "$client"
    expect_equal "status" 200 "$(cat "$WORK/waited")"
  fi
  stop_daemon "$PROXY"
  stop_server
done

#!/usr/bin/env bash
# An operator's view: the command line, the configuration's three sources, addresses of every kind, and proxies.
source "$(dirname "$0")/lib/scenario.sh"
source "$LIB/server.sh"

require_command curl jq python3
cd "$WORK"
shale() { "$BINARY" "$@"; }

# Runs a command that has to end with the given status, and keeps what it said in $OUTPUT.
expect_exit() {  # STATUS COMMAND...
  local wanted=$1 status=0
  shift
  OUTPUT=$(timeout 20 "$@" 2>&1) || status=$?
  expect_equal "exit status of $*" "$wanted" "$status"
}

it "explains itself, and tells its version"
expect_exit 0 "$BINARY" --help
for command in serve check-config version; do
  expect_match "help" "$command" "$(shale --help)"
  expect_exit 0 "$BINARY" "$command" --help
done
expect_match "version" '^shale [0-9]+\.[0-9]+\.[0-9]+' "$(shale version)"
expect_exit 2 "$BINARY" no-such-command
expect_exit 2 "$BINARY" serve --no-such-flag

it "names file and line of what is wrong in the configuration"
printf 'server:\n  listen: 127.0.0.1:5000\n  lisen: 127.0.0.1:5001\n' >unknown.yaml
expect_exit 2 "$BINARY" check-config --config unknown.yaml
expect_match "the complaint" 'unknown.yaml:3.*lisen' "$OUTPUT"
printf 'limits:\n  manifest_bytes: many\n' >type.yaml
expect_exit 2 "$BINARY" check-config --config type.yaml
expect_match "the complaint" 'type.yaml:2.*manifest_bytes' "$OUTPUT"
printf 'limits:\n  manifest_bytes: 4MiB\n storage: [\n' >syntax.yaml
expect_exit 2 "$BINARY" serve --config syntax.yaml
expect_match "the complaint" 'syntax.yaml:' "$OUTPUT"
expect_exit 2 "$BINARY" serve --config missing.yaml
expect_match "the complaint" 'missing.yaml' "$OUTPUT"

it "names the variable or the flag that is wrong"
expect_exit 2 env SHALE_LIMITS__MANIFEST_BYTES=-1 "$BINARY" check-config
expect_match "the complaint" 'SHALE_LIMITS__MANIFEST_BYTES' "$OUTPUT"
expect_exit 2 env SHALE_LIMITS__NO_SUCH=1 "$BINARY" check-config
expect_match "the complaint" 'SHALE_LIMITS__NO_SUCH' "$OUTPUT"
expect_exit 2 "$BINARY" check-config --log-level loud
expect_match "the complaint" 'log-level|log\.level' "$OUTPUT"

it "lets flags override variables, and variables the file"
printf 'limits:\n  page_size: 40\n  catalog_default: 12\n  connections: 13\n' >three.yaml
SHALE_LIMITS__CATALOG_DEFAULT=22 SHALE_LIMITS__CONNECTIONS=23 shale check-config --config three.yaml \
  --limits.connections 33 --output json >effective.json
expect_equal "the limits" '40 22 33' "$(jq -r '.limits | "\(.page_size) \(.catalog_default) \(.connections)"' effective.json)"

it "reads back the configuration that it prints, and its sample"
shale check-config --config three.yaml >printed.yaml
expect_equal "the configuration" "$(cat printed.yaml)" "$(shale check-config --config printed.yaml)"
shale check-config --reference >reference.yaml
expect_exit 0 "$BINARY" check-config --config reference.yaml

it "does not listen to the world without being told that this is meant"
expect_exit 2 "$BINARY" serve --listen 0.0.0.0:0 --data-dir "$WORK/world"
expect_match "the complaint" 'anonymous-everything' "$OUTPUT"

it "listens on several addresses, IPv6 and a unix socket among them"
port=$(free_port)
second=127.0.0.1:$(free_port)
addresses=(--listen "$second" --listen "unix:$WORK/shale.sock")
[[ -e /proc/net/if_inet6 ]] && addresses+=(--listen "[::1]:$port")
# REGISTRY is set first, so that start_server's own --listen comes beside these.
REGISTRY=127.0.0.1:$port
start_server "${addresses[@]}"
request GET "http://$second/v2/"
expect_status 200
request GET http://localhost/v2/ --unix-socket "$WORK/shale.sock"
expect_status 200
if [[ -e /proc/net/if_inet6 ]]; then
  request GET "http://[::1]:$port/v2/" -g
  expect_status 200
else
  echo "        NOT SHOWN: listening on IPv6 (this machine has none)"
fi

upload_location() {  # CURL OPTIONS...   where an upload begun so is said to be
  request POST /v2/team/app/blobs/uploads/ -H 'Content-Length: 0' "$@"
  expect_status 202
  header location
}

it "answers with relative Locations, and believes no stranger about its name"
expect_match "location" '^/v2/team/app/blobs/uploads/' "$(upload_location -H 'X-Forwarded-Host: evil.example' -H 'X-Forwarded-Proto: https')"
stop_server
[[ ! -e $WORK/shale.sock ]] || fail "the unix socket is still there after the server ended"

it "answers with the Locations of a proxy that it trusts"
REGISTRY=
start_server --server.trusted_proxies 127.0.0.0/8 --server.absolute_locations true
expect_match "location" '^https://registry\.example/v2/team/app/' "$(upload_location -H 'X-Forwarded-Host: registry.example' -H 'X-Forwarded-Proto: https')"
expect_match "location" '^https://other\.example:8443/v2/team/app/' "$(upload_location -H 'Forwarded: for=192.0.2.7;host="other.example:8443";proto=https')"
expect_match "location" "^http://$REGISTRY/v2/team/app/" "$(upload_location)"
request GET /v2/team/app/tags/list -H 'X-Forwarded-For: 192.0.2.7'
client_is_in_log() { grep -q '"client":"192.0.2.7"' "$SERVER_LOG"; }
wait_until 60 "the client's address in the log" client_is_in_log
stop_server

it "answers with the external URL where one is set"
start_server --server.external_url https://registry.example:8443
expect_match "location" '^https://registry\.example:8443/v2/team/app/' "$(upload_location)"
stop_server

it "keeps everything that may be switched off switched off"
start_server --registry.delete_tags false --registry.delete_uploads false
for path in /v2/team/app/manifests/latest "$(upload_location)"; do
  request DELETE "$path"
  expect_status 405
  expect_equal "code" UNSUPPORTED "$(jq -r '.errors[0].code' body)"
done
stop_server


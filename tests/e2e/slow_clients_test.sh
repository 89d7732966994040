#!/usr/bin/env bash
# Clients that read or send slowly cost the server no memory, and nobody else any time.
source "$(dirname "$0")/lib/scenario.sh"
source "$LIB/server.sh"

require_command curl python3
start_server
cd "$WORK"
clients=20

# 1 GiB that no layer below could shrink or skip: a different MiB each time, derived by a cipher from a counter.
openssl enc -aes-128-ctr -nosalt -K 00112233445566778899aabbccddeeff -iv 00 -in /dev/zero 2>/dev/null |
  head -c 1073741824 >blob || true
expect_equal "size" 1073741824 "$(stat -c %s blob)"
digest=$(sha256_of blob)
request POST /v2/slow/blob/blobs/uploads/ -H 'Content-Length: 0'
expect_status 202
upload=$(header location)
[[ $upload == /* ]] && upload=http://$REGISTRY$upload
separator='?'; [[ $upload == *\?* ]] && separator='&'
STATUS=$(curl -sS --max-time 300 -T blob -o /dev/null -w '%{http_code}' "$upload${separator}digest=sha256:$digest")
expect_equal "status of the push" 201 "$STATUS"

# Others ask while the slow ones crawl; each answer has to come within a bound that only a stuck server misses.
others_are_served() {
  local asked
  for asked in $(seq 100); do
    request GET /v2/ --max-time 20
    expect_status 200
    request GET "/v2/slow/blob/blobs/sha256:$digest" -r "$((asked * 1000))-$((asked * 1000 + 99))" --max-time 20
    expect_status 206
  done
  request POST "/v2/quick/app/blobs/uploads/?digest=sha256:$(printf quick | sha256sum | cut -d' ' -f1)" \
    -H 'Content-Type: application/octet-stream' --data-binary quick --max-time 20
  [[ $STATUS == 20[12] ]] || fail "a push beside slow clients got $STATUS"
}

# Runs the crawlers, asks for others meanwhile, and waits for the crawlers' verdict.
crawl_with() {  # read|send URL ARGUMENT
  start_daemon "slow-$1" python3 "$LIB/slow_clients.py" "$1" "$2" "$3" "$clients"
  wait_until 60 "the slow clients to crawl" grep -q crawling "$LOGS/slow-$1.log"
  others_are_served
  daemon_runs "slow-$1" || fail "the slow clients were gone before the others had been served"
  kill -USR1 "${DAEMON_PID[slow-$1]}"
  wait_until 200 "the slow clients to end" daemon_ended "slow-$1"
  stop_daemon "slow-$1"
  expect_equal "exit status of the slow clients" 0 "$DAEMON_STATUS"
}

it "serves others promptly beside $clients clients that read 1 GiB slowly, and loses no byte"
crawl_with read "http://$REGISTRY/v2/slow/blob/blobs/sha256:$digest" "$digest"
expect_peak_rss_below 64

it "serves others promptly beside $clients clients that send slowly, and takes their content"
head -c 104857600 blob >sent
crawl_with send "http://$REGISTRY" sent
expect_peak_rss_below 64

it "holds on to nothing of a reader that stopped reading"
exec 3<>"/dev/tcp/${REGISTRY%:*}/${REGISTRY#*:}"
printf 'GET /v2/slow/blob/blobs/sha256:%s HTTP/1.1\r\nHost: x\r\n\r\n' "$digest" >&3
others_are_served
exec 3>&-
expect_peak_rss_below 64

stop_server

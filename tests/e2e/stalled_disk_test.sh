#!/usr/bin/env bash
# A disk that hangs, and clients that dawdle: who looks at the server from outside is answered all the same.
source "$(dirname "$0")/lib/scenario.sh"
source "$LIB/server.sh"

require_command curl gcc
cd "$WORK"
gcc -shared -fPIC -o held_syncs.so "$LIB/held_syncs.c" -ldl
SERVER_PREFIX=(env "LD_PRELOAD=$WORK/held_syncs.so" "HOLD_SYNCS=$WORK/held")
# A sanitized build complains when another library comes before its own.
export ASAN_OPTIONS="${ASAN_OPTIONS:+$ASAN_OPTIONS:}verify_asan_link_order=0"
threads=4
start_server --server.pool_threads "$threads"

metrics() { curl -sS --max-time 10 "http://$REGISTRY/metrics"; }
metric() { metrics | awk -v name="$1" '$1 == name { print $2 }'; }
is_at() { [[ $(metric "$1") == "$2" ]]; }
expect_scraped() {  # with what is asked of the disk and of the metadata
  local scrape family
  scrape=$(metrics)
  for family in shale_disk_free_bytes shale_stored_bytes shale_rocksdb_memtable_bytes shale_ready; do
    grep -q "^$family" <<<"$scrape" || fail "a scrape has no $family"
  done
}
pushes=()
push() {  # NAME [CURL OPTIONS...]   goes on behind this script; its status is in NAME.status
  curl -s --max-time 120 -o /dev/null -w '%{http_code}' -X POST -H 'Content-Type: application/octet-stream' -H 'Expect:' \
    --data-binary "@$1" "${@:2}" "http://$REGISTRY/v2/team/app/blobs/uploads/?digest=sha256:$(sha256_of "$1")" >"$1.status" &
  pushes+=($!)
}

it "is scraped while more clients send slowly than the pool has threads"
for n in $(seq $((3 * threads))); do
  head -c 300000 /dev/urandom >"slow-$n"
  push "slow-$n" --limit-rate 2k
done
wait_until 30 "the slow uploads" is_at 'shale_connections{state="receiving"}' $((3 * threads))
expect_scraped
kill "${pushes[@]}"
wait "${pushes[@]}" || true
pushes=()
wait_until 30 "their end" is_at 'shale_connections{state="receiving"}' 0

it "is scraped, and tells that it is ready, while every thread of the pool waits for a disk that hangs"
touch held
for n in $(seq $((2 * threads))); do
  echo "pushed $n" >"push-$n"
  push "push-$n"
done
wait_until 30 "every thread to wait" is_at shale_pool_busy_threads "$threads"
since=$EPOCHREALTIME
wait_until 30 "the other pushes to queue up" is_at shale_pool_queue_length "$threads"
expect_scraped
for probe in livez readyz; do
  request GET "/$probe"
  expect_status 200
done

it "takes all of them when the disk is back, and tells how long that took"
rm held
hung=$(awk "BEGIN { print $EPOCHREALTIME - $since }")
wait "${pushes[@]}"
expect_equal "how the pushes ended" 201 "$(for n in $(seq $((2 * threads))); do cat "push-$n.status" && echo; done | sort -u)"
expect_scraped
told=$(metrics | awk '/^shale_fsync_duration_seconds_sum/ { all += $2 } END { print all }')
awk "BEGIN { exit !($told > $hung / 2) }" || fail "the disk hung for $hung s, and the syncs took $told s"
stop_server

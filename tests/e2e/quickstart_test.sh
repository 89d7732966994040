#!/usr/bin/env bash
# The first command of README.md, as written there: it builds, serves on 127.0.0.1:5000 and keeps its data in ./data.
# It gets a network of its own, where that port is free.
. "$(dirname "${BASH_SOURCE[0]}")/lib/scenario.sh"

require_root "a network of its own"
require_command unshare nsenter ip curl
unshare --net true 2>/dev/null || skip "no network of its own can be had here"

mkdir "$WORK/somewhere"
cd "$WORK/somewhere"

inside() { nsenter --target "${DAEMON_PID[quickstart]}" --net "$@"; }
network_of() { readlink "/proc/$1/ns/net"; }
serves() { [[ $(network_of "${DAEMON_PID[quickstart]}") != "$(network_of $$)" ]] && inside curl -fsS --max-time 5 http://127.0.0.1:5000/v2/; }
start() {
  start_daemon quickstart unshare --net -- sh -c 'ip link set lo up && exec "$0"' "$ROOT/deploy/quickstart"
  local deadline=$((SECONDS + 1500))
  until serves >/dev/null 2>&1; do
    daemon_runs quickstart || fail "quickstart ended instead of serving"
    ((SECONDS < deadline)) || fail "quickstart does not serve"
    sleep 0.1
  done
}
stop() {
  stop_daemon quickstart 30
  expect_equal "exit status" 0 "$DAEMON_STATUS"
}

it "builds and serves, and takes what is pushed"
start
digest=sha256:$(printf 'a blob' | sha256sum | cut -d' ' -f1)
inside curl -fsS -X POST --data-binary 'a blob' "http://localhost:5000/v2/tools/busybox/blobs/uploads/?digest=$digest"
[[ -d data ]] || fail "no folder ./data"
stop

it "starts at once when it was started before, with what was pushed"
touch before
start
stop
[[ -z $(find "$ROOT/build/release" -newer before -name '*.o') ]] || fail "something was compiled again"
start
expect_equal "the blob" "a blob" "$(inside curl -fsS "http://localhost:5000/v2/tools/busybox/blobs/$digest")"
stop

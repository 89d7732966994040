#!/usr/bin/env bash
# A server that is killed in the middle of pushes has everything that it acknowledged when it comes back.
source "$(dirname "$0")/lib/scenario.sh"
source "$LIB/server.sh"

require_command python3
rounds=5
enough=40  # acknowledged images before a kill

# Kills the server without a chance to say goodbye, and forgets it.
kill_server() {
  kill -KILL "$SERVER_PID"
  stop_daemon server
}

start_server
for round in $(seq $rounds); do
  it "has every acknowledged blob, manifest and tag after kill -9 in the middle of pushes ($round of $rounds)"
  wanted=$(($(grep -c '^tag' "$WORK/ledger" 2>/dev/null || true) + enough))
  start_daemon "push-$round" python3 "$LIB/acknowledged.py" push "$REGISTRY" "$WORK/ledger" "$round"
  enough_pushed() { (($(grep -c '^tag' "$WORK/ledger") >= wanted)); }
  wait_until 120 "$enough images to be pushed" enough_pushed
  kill_server
  wait_until 60 "the pushers to notice" daemon_ended "push-$round"
  stop_daemon "push-$round"
  expect_equal "exit status of the pushers" 0 "$DAEMON_STATUS"
  start_server
  python3 "$LIB/acknowledged.py" check "$REGISTRY" "$WORK/ledger"
done

it "has it all after an orderly restart too"
restart_server
python3 "$LIB/acknowledged.py" check "$REGISTRY" "$WORK/ledger"

stop_server

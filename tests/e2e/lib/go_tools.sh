# Puts the Go clients that tests/tools/go.mod pins first in PATH. Sourced after scenario.sh.

use_go_tools() {
  local bin status=0
  # Built before the tests by tests/run; by hand, the first script builds them with the caller's own Go caches.
  bin=$(HOME=$USER_HOME SHALE_TEST_CACHE=$CACHE env -u XDG_CACHE_HOME -u XDG_CONFIG_HOME \
    "$ROOT/tests/tools/build" 2>"$LOGS/go-tools.log") || status=$?
  ((status != 77)) || skip "$(tail -n 1 "$LOGS/go-tools.log")"
  ((status == 0)) || fail "the Go tools do not build"
  export PATH=$bin:$PATH
}

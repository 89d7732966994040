# What every end-to-end script stands on: a work folder, clean-up, waiting, assertions.
#
# A script sources this file first. Its first argument is the `shale` binary under test. Whatever it starts with
# `start_daemon` is stopped, and whatever it leaves in $WORK is removed, however it ends.
set -Eeuo pipefail

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/../../.." && pwd)
LIB=$ROOT/tests/e2e/lib
BINARY=$(realpath "${1:-$ROOT/build/dev/shale}")
CACHE=${SHALE_TEST_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/shale-tests}
WORK=$(mktemp -d "${TMPDIR:-/tmp}/shale-e2e.XXXXXX")
LOGS=$WORK/logs
USER_HOME=$HOME
mkdir -p "$LOGS" "$CACHE" "$WORK/home"

# Clients keep logins, caches and settings in the home folder: each script has its own, empty one.
export HOME=$WORK/home XDG_CONFIG_HOME=$WORK/home/.config XDG_CACHE_HOME=$WORK/home/.cache
export XDG_DATA_HOME=$WORK/home/.local/share XDG_RUNTIME_DIR=$WORK/home/run
mkdir -m 700 "$XDG_RUNTIME_DIR"
unset DOCKER_HOST DOCKER_CONFIG REGISTRY_AUTH_FILE CONTAINERS_CONF CONTAINER_HOST

# ---- telling ---------------------------------------------------------------------------------------------------

# Names the behaviour that the lines after it show.
it() { printf '[%4ds] it %s\n' "$SECONDS" "$*"; }

fail() {
  printf 'FAILED: %s (%s:%s)\n' "$*" "${BASH_SOURCE[1]##*/}" "${BASH_LINENO[0]}" >&2
  exit 1
}

# Ends the script as left out, which CTest shows; never call it for a mere inconvenience.
skip() {
  printf 'LEFT OUT: %s\n' "$*"
  exit 77
}

require_root() { ((EUID == 0)) || skip "$1 needs root"; }

require_command() {
  local name
  for name in "$@"; do
    command -v "$name" >/dev/null || skip "$name is not installed (tests/packages names its Debian package)"
  done
}

# ---- asserting -------------------------------------------------------------------------------------------------

expect_equal() {  # WHAT EXPECTED ACTUAL
  [[ $2 == "$3" ]] || fail "$1: expected '$2', got '$3'"
}

expect_match() {  # WHAT REGEX TEXT
  [[ $3 =~ $2 ]] || fail "$1: expected a match of '$2' in: $3"
}

expect_less() {  # WHAT NUMBER BOUND
  (($2 < $3)) || fail "$1: $2 is not less than $3"
}

# Runs a command that has to fail, and keeps what it said in $OUTPUT.
expect_failure() {
  if OUTPUT=$("$@" 2>&1); then fail "expected to fail: $*"; fi
}

# The trees hold the same files with the same bytes, modes and links.
expect_same_tree() {  # A B
  diff -r --no-dereference "$1" "$2" || fail "$1 and $2 differ"
  diff <(describe_tree "$1") <(describe_tree "$2") || fail "$1 and $2 differ in modes or links"
}

describe_tree() { (cd "$1" && find . -printf '%P %y %m %l\n' | LC_ALL=C sort); }

sha256_of() { sha256sum "$1" | cut -d' ' -f1; }

# ---- waiting ---------------------------------------------------------------------------------------------------

# Waits for a condition, not for a time: polls COMMAND until it succeeds, at most SECONDS_LIMIT.
wait_until() {  # SECONDS_LIMIT WHAT COMMAND...
  local deadline=$((SECONDS + $1)) what=$2
  shift 2
  until "$@" >/dev/null 2>&1; do
    ((SECONDS < deadline)) || fail "waited in vain for $what"
    sleep 0.1
  done
}

# ---- daemons ---------------------------------------------------------------------------------------------------

declare -A DAEMON_PID=()
DAEMON_ORDER=()

# The kernel ends the daemon with this script, should the script be killed before its clean-up.
start_daemon() {  # NAME COMMAND...   its output goes to $LOGS/NAME.log
  local name=$1
  shift
  setpriv --pdeathsig TERM -- "$@" >>"$LOGS/$name.log" 2>&1 </dev/null &
  DAEMON_PID[$name]=$!
  DAEMON_ORDER+=("$name")
}

daemon_runs() { kill -0 "${DAEMON_PID[$1]}" 2>/dev/null; }
daemon_ended() { ! daemon_runs "$1"; }

# Stops a daemon with SIGTERM and leaves its exit code in $DAEMON_STATUS.
stop_daemon() {  # NAME [SECONDS]
  local pid=${DAEMON_PID[$1]:-} limit=${2:-30}
  [[ -n $pid ]] || return 0
  unset "DAEMON_PID[$1]"
  kill -TERM "$pid" 2>/dev/null || true
  local deadline=$((SECONDS + limit))
  while kill -0 "$pid" 2>/dev/null; do
    if ((SECONDS >= deadline)); then
      echo "$1 did not stop within $limit seconds of SIGTERM; killed" >&2
      kill -KILL "$pid" 2>/dev/null || true
    fi
    sleep 0.05
  done
  DAEMON_STATUS=0
  wait "$pid" || DAEMON_STATUS=$?
}

# ---- clean-up --------------------------------------------------------------------------------------------------

clean_up() {
  local status=$?
  trap - EXIT ERR INT TERM
  set +e
  if ((status != 0 && status != 77)); then
    for log in "$LOGS"/*.log; do
      [[ -s $log ]] && printf -- '---- the end of %s\n' "${log##*/}" && tail -n 20 "$log" | cut -c1-300
    done >&2
  fi
  local i
  for ((i = ${#DAEMON_ORDER[@]} - 1; i >= 0; i--)); do stop_daemon "${DAEMON_ORDER[i]}" 20; done
  # Engines leave mounts behind (namespaces, overlays) when they are stopped in the middle of something.
  awk -v under="$WORK/" 'index($5, under) == 1 { print $5 }' /proc/self/mountinfo | sort -r | xargs -r umount -l
  rm -rf --one-file-system "$WORK"
  exit "$status"
}
trap clean_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
trap 'printf "FAILED: %s (%s:%s)\n" "$BASH_COMMAND" "${BASH_SOURCE[0]##*/}" "$LINENO" >&2' ERR

#!/usr/bin/env bash
# The OCI distribution conformance suite, pinned in tests/tools/go.mod: nothing may fail, be skipped, or go wrong.
# Usage: conformance_test.sh BINARY PROFILE SPARSE [LOGIN]
# PROFILE is 1.1 or 1.1+dev, SPARSE is sparse or complete, LOGIN is basic or bearer; none without it
source "$(dirname "$0")/../e2e/lib/scenario.sh"
source "$LIB/server.sh"
source "$LIB/go_tools.sh"

profile=${2:-1.1+dev}
data=${3:-complete}
login=${4:-}
[[ $data == sparse ]] && sparse=true || sparse=false

use_go_tools
# Only a registry told so takes manifests whose content is not there; the suite leaves that data out by default.
flags=()
if [[ -n $login ]]; then
  "$BINARY" user add alice --file "$WORK/users" <<<alice-secret
  flags=(--auth.htpasswd "$WORK/users" --auth.challenge "$login")
  export OCI_USERNAME=alice OCI_PASSWORD=alice-secret
fi
SHALE_REGISTRY__ALLOW_SPARSE=$sparse start_server "${flags[@]}"
cd "$WORK"

it "passes profile $profile of the conformance suite with $data data${login:+ and a $login login}"
# Profile 1.1 leaves out cancelling an upload, which is switched on here so that no test of it is skipped.
status=0
OCI_API_BLOBS_UPLOAD_CANCEL=true OCI_REGISTRY=$REGISTRY OCI_TLS=disabled OCI_VERSION=$profile OCI_DATA_SPARSE=$sparse OCI_RESULTS_DIR=$WORK/results \
  conformance >report.txt 2>&1 || status=$?

[[ -s results/junit.xml ]] || fail "the suite wrote no report: $(tail -n 5 report.txt)"
python3 "$ROOT/tests/conformance/judge.py" results/junit.xml
expect_equal "the suite's exit status" 0 "$status"
[[ -z $login ]] || grep -q '"user":"alice"' "$SERVER_LOG" || fail "the suite did not log in"
[[ $login != bearer ]] || grep -q '"path":"/auth/token"' "$SERVER_LOG" || fail "the suite asked for no token"
stop_server

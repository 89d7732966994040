# A mount namespace, and where asked for a network namespace, of the script's own: names of hosts and certificates in
# /etc that no other program sees. Sourced before scenario.sh, since the script begins anew in them.

# Returns in the namespaces. Without the right to make them it returns all the same, for `require_namespaces` to tell.
enter_namespaces() {  # --mount [--net] -- THE SCRIPT'S ARGUMENTS...
  local kinds=()
  while [[ $1 != -- ]]; do
    kinds+=("$1")
    shift
  done
  shift
  [[ -z ${SHALE_E2E_NAMESPACES:-} ]] || return 0
  unshare "${kinds[@]}" true 2>/dev/null || return 0
  SHALE_E2E_NAMESPACES=${kinds[*]} exec unshare "${kinds[@]}" "$0" "$@"
}

# After scenario.sh.
require_namespaces() { [[ -n ${SHALE_E2E_NAMESPACES:-} ]] || skip "namespaces of one's own need root (CAP_SYS_ADMIN)"; }

# Hosts that only this script's programs can find.
add_host() {  # ADDRESS NAME
  [[ -e $WORK/hosts ]] || {
    cp /etc/hosts "$WORK/hosts"
    mount --bind "$WORK/hosts" /etc/hosts
  }
  echo "$1 $2" >>"$WORK/hosts"
}

# In a network namespace: an address that no engine takes for one of its own machine's, and yet no other machine has.
add_address() {  # ADDRESS
  busybox ip link set lo up
  busybox ip address add "$1/32" dev lo
}

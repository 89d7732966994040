#!/usr/bin/env bash
# containerd with a login, over TLS with a private CA that hosts.toml names: with passwords and with tokens.
source "$(dirname "$0")/lib/namespaces.sh"
enter_namespaces --mount -- "$@"
source "$(dirname "$0")/lib/scenario.sh"
source "$LIB/server.sh"
source "$LIB/images.sh"
source "$LIB/private_ca.sh"
source "$LIB/containerd.sh"
source "$LIB/logins.sh"

require_namespaces
require_command skopeo openssl jq
prepare_layout
prepare_logins
start_containerd

image=busybox
MIRRORED=mirrored.example  # a name that nobody has: hosts.toml sends containerd to the registry for what is under it

use_hosts_toml() {
  local name
  for name in "$TLS" $MIRRORED; do
    mkdir -p "$WORK/certs.d/$name"
    cat >"$WORK/certs.d/$name/hosts.toml" <<END
server = "https://$TLS"
ca = "$TRUSTED/ca.crt"
[host."https://$TLS"]
  capabilities = ["pull", "resolve", "push"]
  ca = "$TRUSTED/ca.crt"
END
  done
}

# ctr has no login: it names the user each time.
transfer() {  # pull|push OPTIONS... REFERENCE
  local user=()
  [[ ! -e $WORK/ctr-user ]] || user=(--user "$(cat "$WORK/ctr-user")")
  ctr images "$1" --hosts-dir "$WORK/certs.d" "${user[@]}" "${@:2}"
}
containerd_log_in() {
  local deadline=$((SECONDS + 10))
  echo "$1:$2" >"$WORK/ctr-user"
  until transfer pull --snapshotter native "$TLS/shared/seed:one" >"$WORK/said" 2>&1; do
    # It tries a wrong password five times, and then the next one has to wait for a second.
    if ((SECONDS > deadline)) || ! grep -q '429 Too Many Requests' "$WORK/said"; then
      cat "$WORK/said"
      return 1
    fi
    sleep 0.2
  done
}
containerd_log_out() { rm "$WORK/ctr-user"; }
containerd_push() { load $image "$TLS/$1" && transfer push "$TLS/$1"; }
containerd_pull() {
  forget
  transfer pull --snapshotter native "$TLS/$1" && expect_held
}
expect_held() {
  local digest
  for digest in $(image_digests $image); do ctr content get "$digest" | cmp - "$(layout_blob "$digest")" || return; done
}

for challenge in basic bearer; do
  [[ $challenge == basic ]] && host=localhost || host=$NAMED
  start_with_logins $challenge $host
  use_hosts_toml
  seed alice shared/seed
  if [[ $challenge == basic ]]; then
    show_client containerd 'certificate signed by unknown authority' '401 Unauthorized' '403 Forbidden'
    show_stranger containerd '401 Unauthorized'
  else
    # A push that is refused at its manifest may end with the words of the pipe that the manifest was sent through.
    refused='insufficient_scope: authorization failed|closed pipe'
    show_client containerd 'certificate signed by unknown authority' '401 Unauthorized' "$refused"
    show_stranger containerd "$refused"
  fi

  it "$challenge: containerd finds an image where hosts.toml sends it"
  forget
  succeed transfer pull --snapshotter native "$MIRRORED/public/containerd:one"
  expect_held
  stop_server
done

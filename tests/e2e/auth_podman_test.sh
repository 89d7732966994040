#!/usr/bin/env bash
# podman, buildah and skopeo with a login, over TLS with a private CA in certs.d: with passwords and with tokens.
source "$(dirname "$0")/lib/namespaces.sh"
enter_namespaces --mount -- "$@"
source "$(dirname "$0")/lib/scenario.sh"
source "$LIB/server.sh"
source "$LIB/images.sh"
source "$LIB/private_ca.sh"
source "$LIB/podman.sh"
source "$LIB/logins.sh"

require_namespaces
require_command podman buildah skopeo runc openssl jq busybox
prepare_layout
prepare_logins

image=busybox
image_id=$(jq -r .config.digest "$(layout_blob "$(layout_digest $image)")")

# The CA where all three look for it.
use_certificates() {
  mkdir -p "$HOME/.config/containers/certs.d"
  ln -sfn "$TRUSTED" "$HOME/.config/containers/certs.d/$TLS"
}

# ---- podman and buildah, which share a storage but no login ----------------------------------------------------

store() {  # REFERENCE
  skopeo copy --quiet "oci:$LAYOUT:$image" "containers-storage:[vfs@$WORK/storage+$WORK/run]$1"
}
# By the id, which hangs on every byte of the layers, and by one file.
expect_stored() {  # REFERENCE
  local container
  expect_equal "image id" "${image_id#sha256:}" "$(podman image inspect -f '{{.Id}}' "$1")"
  container=$(buildah from --pull-never "$1")
  cmp "$(command -v busybox)" "$(buildah mount "$container")/bin/busybox"
  buildah rm "$container" >/dev/null
}

podman_log_in() { podman login -u "$1" --password-stdin "$TLS" <<<"$2"; }
podman_log_out() { podman logout "$TLS"; }
podman_push() { store "$TLS/$1" && podman push -q "$TLS/$1"; }
podman_pull() { podman rmi -af >/dev/null && podman pull -q "$TLS/$1" && expect_stored "$TLS/$1"; }

buildah_log_in() { buildah login -u "$1" --password-stdin "$TLS" <<<"$2"; }
buildah_log_out() { buildah logout "$TLS"; }
buildah_push() { store "$TLS/$1" && buildah push -q "$TLS/$1"; }
buildah_pull() { buildah rmi -af >/dev/null && buildah pull -q "$TLS/$1" && expect_stored "$TLS/$1"; }

# ---- skopeo ----------------------------------------------------------------------------------------------------

skopeo_log_in() { skopeo login -u "$1" --password-stdin "$TLS" <<<"$2"; }
skopeo_log_out() { skopeo logout "$TLS"; }
skopeo_push() { skopeo copy --quiet "oci:$LAYOUT:$image" "docker://$TLS/$1"; }
skopeo_pull() {
  rm -rf "$WORK/out"
  skopeo copy --quiet "docker://$TLS/$1" "oci:$WORK/out:$image" && expect_same_image $image "$WORK/out"
}
skopeo_delete() { skopeo delete "docker://$TLS/$1"; }

# ---- all of them -----------------------------------------------------------------------------------------------

# Each has a server that knows nothing of the wrong passwords of the one before.
for client in podman buildah skopeo; do
  export REGISTRY_AUTH_FILE=$WORK/$client.json
  for challenge in basic bearer; do
    [[ $challenge == basic ]] && host=localhost || host=$NAMED
    start_with_logins $challenge $host
    use_certificates
    show_client "$client" 'certificate signed by unknown authority' 'invalid username/password' 'denied: |403 \(Forbidden\)'
    [[ $client != skopeo ]] || show_deletion skopeo '403 Forbidden|401 Unauthorized' 'manifest unknown'
    show_stranger "$client" 'unauthorized: '
    stop_server
  done
done

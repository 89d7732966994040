#!/usr/bin/env bash
# crane, oras, helm and cosign with a login, over TLS with a private CA: each with passwords and with tokens.
source "$(dirname "$0")/lib/namespaces.sh"
enter_namespaces --mount -- "$@"
source "$(dirname "$0")/lib/scenario.sh"
source "$LIB/server.sh"
source "$LIB/images.sh"
source "$LIB/go_tools.sh"
source "$LIB/private_ca.sh"
source "$LIB/logins.sh"

require_namespaces
require_command skopeo openssl jq
use_go_tools
prepare_layout
prepare_logins
cd "$WORK"

image=busybox
digest=$(layout_digest $image)

# ---- crane: it writes a login down unseen, so that only a request tells whether it is right --------------------

mkdir one-image
skopeo copy --quiet "oci:$LAYOUT:$image" "oci:one-image:one"

crane() { SSL_CERT_FILE=$TRUSTED/ca.crt command crane "$@"; }
crane_log_in() { crane auth login "$TLS" -u "$1" --password-stdin <<<"$2" && crane digest "$TLS/shared/seed:one"; }
crane_log_out() { crane auth logout "$TLS"; }
crane_push() { crane push one-image "$TLS/$1"; }
crane_pull() {
  rm -rf pulled
  crane pull --format oci "$TLS/$1" pulled && expect_same_image $image pulled
}
crane_delete() { crane delete "$TLS/$1"; }

# ---- oras ------------------------------------------------------------------------------------------------------

mkdir files
head -c 3000000 /dev/urandom >files/big.bin

# It takes localhost for a registry without TLS unless told otherwise.
oras_tls() { oras "$@" --plain-http=false --ca-file "$TRUSTED/ca.crt"; }
oras_log_in() { oras_tls login -u "$1" --password-stdin "$TLS" <<<"$2"; }
oras_log_out() { oras logout "$TLS"; }
oras_push() { oras_tls push "$TLS/$1" files/big.bin; }
oras_pull() {
  rm -rf out
  oras_tls pull -o out "$TLS/$1" && cmp files/big.bin out/files/big.bin
}
oras_delete() { oras_tls manifest delete --force "$TLS/$1"; }

# ---- helm: the last part of a repository is the chart's name ---------------------------------------------------

helm create helm >>"$LOGS/helm.log"
for version in 1.0.0 2.0.0; do helm package helm --version $version >>"$LOGS/helm.log"; done
helm_version() { [[ ${1##*:} == one ]] && echo 1.0.0 || echo 2.0.0; }

helm_log_in() { helm registry login --ca-file "$TRUSTED/ca.crt" -u "$1" --password-stdin "$TLS" <<<"$2"; }
helm_log_out() { helm registry logout "$TLS"; }
helm_push() { helm push --ca-file "$TRUSTED/ca.crt" "helm-$(helm_version "$1").tgz" "oci://$TLS/${1%/*}"; }
helm_pull() {
  local version
  version=$(helm_version "$1")
  rm -rf charts && mkdir charts
  helm pull --ca-file "$TRUSTED/ca.crt" "oci://$TLS/${1%:*}" --version "$version" -d charts &&
    cmp "helm-$version.tgz" "charts/helm-$version.tgz"
}

# ---- cosign: pushing is signing, pulling is verifying ----------------------------------------------------------

export COSIGN_PASSWORD=secret
cosign generate-key-pair >>"$LOGS/cosign.log" 2>&1

cosign_log_in() {
  cosign login -u "$1" -p "$2" "$TLS" &&
    cosign triangulate --registry-cacert "$TRUSTED/ca.crt" "$TLS/shared/seed:one"
}
cosign_log_out() { crane auth logout "$TLS"; }  # they share docker's file of logins
cosign_push() {
  cosign sign --yes --annotations "tag=${1##*:}" --key cosign.key --tlog-upload=false --new-bundle-format=false \
    --use-signing-config=false --registry-cacert "$TRUSTED/ca.crt" "$TLS/${1%:*}@$digest"
}
cosign_pull() {
  cosign verify --key cosign.pub --insecure-ignore-tlog=true --new-bundle-format=false \
    --registry-cacert "$TRUSTED/ca.crt" "$TLS/${1%:*}@$digest" >verified &&
    expect_equal "the digest that was signed" "$digest" "$(jq -r '.[0].critical.image["docker-manifest-digest"]' verified)"
}

# ---- all of them -----------------------------------------------------------------------------------------------

# Each has a server that knows nothing of the wrong passwords of the one before.
for challenge in basic bearer; do
  if [[ $challenge == basic ]]; then
    host=localhost right='(DENIED|denied): |403: Forbidden|403 Forbidden'
    login='UNAUTHORIZED: |basic credential not found'
  else
    host=$NAMED right='(UNAUTHORIZED|unauthorized): |401: Unauthorized|401 Unauthorized' login='(UNAUTHORIZED|unauthorized): '
  fi
  for client in crane oras helm cosign; do
    start_with_logins $challenge $host
    for repository in shared/seed team-a/cosign public/cosign; do seed alice $repository; done
    seed bob team-b/cosign
    show_client "$client" 'certificate signed by unknown authority' '(UNAUTHORIZED|unauthorized): ' "$right"
    case $client in crane | oras) show_deletion "$client" "$right" 'MANIFEST_UNKNOWN|not found' ;; esac
    show_stranger "$client" "$login"
    stop_server
  done
done

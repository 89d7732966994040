#!/usr/bin/env bash
# Docker with a login, over TLS with a private CA in certs.d: with passwords and with tokens.
source "$(dirname "$0")/lib/namespaces.sh"
enter_namespaces --mount --net -- "$@"
source "$(dirname "$0")/lib/scenario.sh"
source "$LIB/server.sh"
source "$LIB/docker.sh"
source "$LIB/private_ca.sh"
source "$LIB/logins.sh"

require_command busybox openssl
require_namespaces
# Docker takes what is on 127.0.0.0/8 without looking at its certificate.
NAMED_ADDRESS=192.0.2.1
add_address $NAMED_ADDRESS
prepare_logins
start_docker
mkdir "$WORK/etc-docker" "$WORK/context"
mount --bind "$WORK/etc-docker" /etc/docker

cp "$(command -v busybox)" "$WORK/context/busybox"
printf 'FROM scratch\nCOPY busybox /busybox\nCMD ["/busybox", "sha256sum", "/busybox"]\n' >"$WORK/context/Dockerfile"
docker_build hello "$WORK/context" >/dev/null
image=$(image_id hello)

docker_log_in() { docker login -u "$1" --password-stdin "$TLS" <<<"$2"; }
docker_log_out() { docker logout "$TLS"; }
docker_push() { docker tag hello "$TLS/$1" && docker push -q "$TLS/$1"; }
docker_pull() {
  local said
  docker image rm "$TLS/$1" >/dev/null || true
  docker pull -q "$TLS/$1" >/dev/null || return
  expect_equal "image id" "$image" "$(image_id "$TLS/$1")"
  said=$(docker run --rm --network none "$TLS/$1")
  expect_equal "sum of the file in it" "$(sha256_of "$WORK/context/busybox")" "${said%% *}"
}

for challenge in basic bearer; do
  start_with_logins $challenge $NAMED
  mkdir -p /etc/docker/certs.d
  ln -s "$TRUSTED" "/etc/docker/certs.d/$TLS"
  show_client docker 'certificate signed by unknown authority' '401 Unauthorized|unauthorized: ' 'denied: '
  if [[ $challenge == bearer ]]; then
    show_stranger docker 'denied: '
  else
    it "basic: docker asks for a login before it asks the registry for anything, public or not"
    expect_refusal 'no basic auth credentials' docker_pull public/docker:one
  fi
  stop_server
done

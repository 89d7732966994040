#!/usr/bin/env bash
# Docker with a login: push, pull, logout; with passwords and with tokens; without a login where that is allowed.
source "$(dirname "$0")/lib/scenario.sh"
source "$LIB/server.sh"
source "$LIB/docker.sh"

require_command busybox
start_docker
users=$WORK/users
"$BINARY" user add alice --file "$users" <<<alice-secret
"$BINARY" user add bob --file "$users" <<<bob-secret
cat >"$WORK/policy.yaml" <<'EOF'
rules:
  - {allow: [pull, push, overwrite, delete], subjects: [user:alice], repositories: [team-a/**, public/**]}
  - {allow: [pull], subjects: [user:bob], repositories: [team-a/**]}
  - {allow: [pull], subjects: [anonymous, authenticated], repositories: [public/**]}
EOF

mkdir "$WORK/context"
cp "$(command -v busybox)" "$WORK/context/busybox"
printf 'FROM scratch\nCOPY busybox /busybox\nCMD ["/busybox", "echo", "hello"]\n' >"$WORK/context/Dockerfile"
docker_build hello "$WORK/context" >/dev/null
log_in() { docker login -u "$1" --password-stdin "$REGISTRY" <<<"$2" 2>&1; }

for challenge in basic bearer; do
  start_server --auth.htpasswd "$users" --auth.policy "$WORK/policy.yaml" --auth.challenge "$challenge"
  repo=$REGISTRY/team-a/$challenge

  it "$challenge: logs in with the right password only"
  expect_failure log_in alice guess
  log_in alice alice-secret >/dev/null

  it "$challenge: pushes, and pulls again"
  docker tag hello "$repo:one"
  docker tag hello "$REGISTRY/public/$challenge:one"
  docker push -q "$repo:one" >/dev/null
  docker push -q "$REGISTRY/public/$challenge:one" >/dev/null
  docker image rm "$repo:one" >/dev/null
  docker pull -q "$repo:one" >/dev/null
  expect_equal "what the container says" hello "$(docker run --rm --network none "$repo:one")"

  it "$challenge: is refused where the login is not good for it"
  docker tag hello "$REGISTRY/team-b/app:one"
  expect_failure docker push "$REGISTRY/team-b/app:one"
  expect_match "Docker's words" 'denied|unauthorized' "$OUTPUT"
  docker logout "$REGISTRY" >/dev/null
  log_in bob bob-secret >/dev/null
  docker pull -q "$repo:one" >/dev/null
  expect_failure docker push "$repo:one"
  docker logout "$REGISTRY" >/dev/null
  expect_failure docker pull "$repo:one"
  stop_server
done

it "pulls what is public without a login, by a token for nobody"
start_server --auth.htpasswd "$users" --auth.policy "$WORK/policy.yaml"
docker image rm "$REGISTRY/public/bearer:one" >/dev/null
docker pull -q "$REGISTRY/public/bearer:one" >/dev/null
expect_failure docker push "$REGISTRY/public/bearer:one"
stop_server

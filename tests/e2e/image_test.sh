#!/usr/bin/env bash
# The container image: made around the binary, run in Docker with as little as can be, and pushed into itself.
source "$(dirname "$0")/lib/scenario.sh"
source "$LIB/server.sh"
source "$LIB/docker.sh"

require_command skopeo jq busybox
start_docker
archive=$WORK/shale-image.tar
# In the machine's network, since this engine has no other.
REGISTRY=127.0.0.1:$(free_port)
repo=$REGISTRY/team

answers() { server_answers; }
run_shale() {  # DOCKER'S OPTIONS...
  docker run -d --name shale --network host --read-only --cap-drop ALL --security-opt no-new-privileges \
    --health-interval 1s -v shale-data:/var/lib/shale -e SHALE_SERVER__LISTEN="$REGISTRY" "$@" shale:test >/dev/null
  wait_until 60 "the container to serve" answers
}
state() { docker inspect -f "{{.State.$1}}" shale; }

it "makes the same image from the same program, with nothing in it but what that needs"
"$ROOT/deploy/image/build" --out "$archive" --name shale:test "$BINARY" 2>"$LOGS/build.log"
manifest=$(skopeo inspect --raw "oci-archive:$archive" | sha256sum | cut -d' ' -f1)
skopeo inspect --config "oci-archive:$archive" >"$WORK/config.json"
expect_equal "user, signal, volume, port" '65532:65532 SIGTERM /var/lib/shale 5000/tcp' \
  "$(jq -r '.config | "\(.User) \(.StopSignal) \(.Volumes | keys[0]) \(.ExposedPorts | keys[0])"' "$WORK/config.json")"
expect_equal "the version that it says it has" "$("$BINARY" version | awk 'NR == 1 { print $2 }')" \
  "$(jq -r '.config.Labels["org.opencontainers.image.version"]' "$WORK/config.json")"
"$ROOT/deploy/image/build" --out "$WORK/again.tar" --name shale:test "$BINARY" 2>>"$LOGS/build.log"
cmp "$archive" "$WORK/again.tar" || fail "a second image differs from the first"
docker load -q -i "$archive" >/dev/null
image=$(image_id shale:test)
size=$(docker image inspect -f '{{.Size}}' shale:test)
if is_sanitized; then
  echo "        NOT SHOWN: less than 60 MB (a sanitized build; it was $((size / 1000000)) MB)"
else
  expect_less "the image's bytes" "$size" 60000000
  echo "        $((size / 1000000)) MB unpacked, $(($(stat -c %s "$archive") / 1000000)) MB to pull"
fi

it "serves nobody before it is told who may come, and says what to set"
expect_failure docker run --rm --network none shale:test
expect_match "its words" 'server\.insecure' "$OUTPUT"
expect_match "its words" 'auth\.htpasswd' "$OUTPUT"

it "runs as an ordinary user without rights, on a root filesystem that cannot be written"
run_shale -e SHALE_SERVER__INSECURE=anonymous-everything
pid=$(state Pid)
expect_equal "user and group" "65532 65532" "$(awk '/^[UG]id:/ { print $2 }' "/proc/$pid/status" | xargs)"
expect_equal "rights" 0000000000000000 "$(awk '/^CapEff:/ { print $2 }' "/proc/$pid/status")"
docker exec shale shale status >/dev/null
healthy() { [[ $(state Health.Status) == healthy ]]; }
wait_until 60 "docker to call it healthy" healthy

expect_equal "how docker asks" 'CMD shale status --live' "$(docker image inspect -f '{{join .Config.Healthcheck.Test " "}}' shale:test)"

it "is healthy as long as it answers, also when it is not ready, and unhealthy when it does not"
docker rm -f -v shale >/dev/null
run_shale -e SHALE_SERVER__INSECURE=anonymous-everything -e SHALE_STORAGE__RESERVE=1024TiB
expect_failure docker exec shale shale status
expect_match "what is wrong" 'WRONG: disk' "$OUTPUT"
checks() { docker inspect -f '{{len .State.Health.Log}}' shale; }
has_been_looked_at() { (($(checks) >= 3)); }
wait_until 60 "docker to look three times" has_been_looked_at
expect_equal "health" healthy "$(state Health.Status)"
pid=$(state Pid)
kill -STOP "$pid"
unhealthy() { [[ $(state Health.Status) == unhealthy ]]; }
wait_until 60 "docker to call one that is stopped unhealthy" unhealthy
kill -CONT "$pid"
wait_until 60 "docker to call it healthy again" healthy
docker rm -f -v shale >/dev/null
run_shale -e SHALE_SERVER__INSECURE=anonymous-everything

it "takes a push and gives a pull"
mkdir "$WORK/context"
cp "$(command -v busybox)" "$WORK/context/busybox"
printf 'FROM scratch\nCOPY busybox /busybox\nCMD ["/busybox", "echo", "hello"]\n' >"$WORK/context/Dockerfile"
docker_build "$repo/hello" "$WORK/context" >/dev/null
hello=$(image_id "$repo/hello")
docker push -q "$repo/hello" >/dev/null
docker image rm "$repo/hello" >/dev/null
docker pull -q "$repo/hello" >/dev/null
expect_equal "image id" "$hello" "$(image_id "$repo/hello")"
expect_equal "what the container says" hello "$(docker run --rm --network none "$repo/hello")"

it "holds its own image, pushed by docker and by skopeo, which needs no engine"
docker tag shale:test "$repo/shale:docker"
docker push -q "$repo/shale:docker" >/dev/null
skopeo copy -q --dest-tls-verify=false "oci-archive:$archive" "docker://$repo/shale:skopeo"
expect_equal "digest" "sha256:$manifest" "$(registry_digest team/shale skopeo)"

it "has everything after a restart, its own image too, which runs when pulled"
docker restart shale >/dev/null
wait_until 60 "the container to serve" answers
for tag in docker skopeo; do
  docker image rm "$repo/shale:$tag" >/dev/null 2>&1 || true
  docker pull -q "$repo/shale:$tag" >/dev/null
  expect_equal "image id" "$image" "$(image_id "$repo/shale:$tag")"
done
expect_equal "the pulled program's words" "$("$BINARY" version)" "$(docker run --rm --network none "$repo/shale:skopeo" version)"

it "lets a running upload end when docker stops it, and ends well"
request POST /v2/team/late/blobs/uploads/
upload=$(header location)
mkfifo "$WORK/body-pipe"
curl -sS --max-time 60 -o "$WORK/late" -w '%{http_code}' -X PATCH -T - -H 'Content-Type: application/octet-stream' \
  "http://$REGISTRY$upload" <"$WORK/body-pipe" >"$WORK/late-status" &
sender=$!
exec 5>"$WORK/body-pipe"
head -c 1000000 /dev/zero >&5
data=$(docker volume inspect -f '{{.Mountpoint}}' shale-data)
arrived() { (($(cat "$data"/uploads/*/* "$data"/uploads/* 2>/dev/null | wc -c) >= 900000)); }
wait_until 30 "the upload to arrive" arrived
docker stop -t 30 shale >/dev/null 5>&- &
stopper=$!
closed() { ! server_answers; }
wait_until 30 "the container to turn new clients away" closed
exec 5>&-
wait "$sender" || fail "the upload was cut"
expect_equal "the upload's status" 202 "$(cat "$WORK/late-status")"
wait "$stopper"
expect_equal "exit status" 0 "$(state ExitCode)"
if docker logs shale 2>&1 | grep -aE 'ERROR: [A-Za-z]*Sanitizer|WARNING: ThreadSanitizer|runtime error:' >&2; then
  fail "a sanitizer complained in the container's log"
fi

it "takes accounts instead: robots, made in the container"
docker rm shale >/dev/null
run_shale -e SHALE_AUTH__ROBOTS=true
request GET /v2/
expect_status 401
docker exec shale shale robot create ci --allow pull --repositories "team/**" >"$WORK/robot" 2>&1 || fail "$(cat "$WORK/robot")"
docker stop shale >/dev/null
expect_equal "exit status" 0 "$(state ExitCode)"

it "stays healthy with its disk at the reserve, where pulls and deletes go on"
docker rm shale >/dev/null
run_shale -e SHALE_SERVER__INSECURE=anonymous-everything -e SHALE_STORAGE__RESERVE=1024TiB
expect_failure docker exec shale shale status
wait_until 60 "docker to call it healthy" healthy
expect_equal "digest" "sha256:$manifest" "$(registry_digest team/shale skopeo)"
docker stop shale >/dev/null
expect_equal "exit status" 0 "$(state ExitCode)"

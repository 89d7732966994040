#!/usr/bin/env bash
# Docker pushes and pulls an image of 2 GiB while the server's memory stays small.
source "$(dirname "$0")/lib/scenario.sh"
source "$LIB/server.sh"
source "$LIB/docker.sh"

bound=64  # MiB
require_command busybox openssl
free=$(df --output=avail -BG "$WORK" | tail -n 1 | tr -dc 0-9)
((free >= 20)) || skip "it needs 20 GiB of disk under ${TMPDIR:-/tmp}, and $free are free"
start_docker
start_server
image=$REGISTRY/team/large:1

# Four layers of 512 MiB that gzip cannot shrink: a cipher's output, different in each.
mkdir "$WORK/context"
cp "$(command -v busybox)" "$WORK/context/busybox"
printf 'FROM scratch\nADD busybox /bin/busybox\n' >"$WORK/context/Dockerfile"
for n in 1 2 3 4; do
  openssl enc -aes-128-ctr -nosalt -K "0$n" -iv 00 -in /dev/zero 2>/dev/null | head -c 536870912 >"$WORK/context/part$n" || true
  expect_equal "size of part $n" 536870912 "$(stat -c %s "$WORK/context/part$n")"
  echo "ADD part$n /part$n" >>"$WORK/context/Dockerfile"
done
sums=$(cd "$WORK/context" && sha256sum part?)

it "pushes 2 GiB in less than $bound MiB of the server's memory"
docker_build "$image" "$WORK/context" >/dev/null
rm -rf "$WORK/context"
docker push "$image" >"$WORK/push"
digest=$(pushed_digest <"$WORK/push")
expect_equal "digest" "$digest" "$(registry_digest team/large 1)"
expect_peak_rss_below "$bound"

it "pulls 2 GiB in less than $bound MiB of the server's memory"
id=$(image_id "$image")
remove_all_images
docker pull -q "$image" >/dev/null
expect_equal "image id" "$id" "$(image_id "$image")"
expect_peak_rss_below "$bound"

it "has every byte of it in the container"
expect_equal "checksums" "$sums" "$(docker run --rm --network none "$image" /bin/busybox sha256sum part1 part2 part3 part4)"

stop_server

# A Docker engine of the script's own. Sourced after scenario.sh.

# Debian's client, which matches its engine, whatever other client comes first in PATH.
docker() { /usr/bin/docker "$@"; }

# Starts dockerd (which starts its containerd) on its own socket and data, without touching the machine's network.
start_docker() {
  require_root dockerd
  require_command dockerd containerd runc
  [[ -x /usr/bin/docker ]] || skip "/usr/bin/docker is not installed (Debian package docker.io)"
  local dir=$WORK/docker
  mkdir -p "$dir"
  echo '{}' >"$dir/daemon.json"
  export DOCKER_HOST=unix://$dir/sock
  start_daemon dockerd dockerd --config-file "$dir/daemon.json" --data-root "$dir/data" --exec-root "$dir/exec" \
    --pidfile "$dir/pid" --host "$DOCKER_HOST" --storage-driver vfs --iptables=false --bridge none \
    --insecure-registry 127.0.0.0/8
  wait_until 120 "dockerd to answer" docker version
}

docker_build() {  # TAG CONTEXT
  # The classic builder: BuildKit needs a plug-in that Debian 12 does not have.
  DOCKER_BUILDKIT=0 docker build -q --network none -t "$1" "$2"
}

pushed_digest() { sed -n 's/.* digest: \(sha256:[0-9a-f]*\) size: .*/\1/p'; }
image_id() { docker image inspect -f '{{.Id}}' "$1"; }
remove_all_images() { docker image prune -af >/dev/null; }

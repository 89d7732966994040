# podman and buildah with storage of their own. Sourced after scenario.sh.

PODMAN_STORAGE=(--root "$WORK/storage" --runroot "$WORK/run" --storage-driver vfs)

# runc and cgroupfs work with every cgroup layout; crun refuses the mixed one that some machines have.
podman() {
  command podman "${PODMAN_STORAGE[@]}" --tmpdir "$WORK/tmp" --runtime runc --cgroup-manager cgroupfs --events-backend none "$@"
}
buildah() { command buildah "${PODMAN_STORAGE[@]}" "$@"; }

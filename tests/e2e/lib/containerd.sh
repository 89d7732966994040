# A containerd of the script's own, driven by ctr. Sourced after scenario.sh.

start_containerd() {
  require_root containerd
  require_command containerd ctr
  cat >"$WORK/containerd.toml" <<END
version = 2
root = "$WORK/containerd/root"
state = "$WORK/containerd/state"
disabled_plugins = ["io.containerd.grpc.v1.cri"]
[grpc]
  address = "$WORK/containerd.sock"
[ttrpc]
  address = "$WORK/containerd.ttrpc"
END
  start_daemon containerd containerd --config "$WORK/containerd.toml"
  wait_until 120 "containerd to answer" ctr version
}

ctr() { command ctr --address "$WORK/containerd.sock" "$@"; }
digest_of() { ctr images ls "name==$1" | awk 'NR == 2 { print $3 }'; }

# Removing every image lets containerd's collector drop the content, so that a pull has to fetch it.
forget() {
  local image
  for image in $(ctr images ls -q); do ctr images rm --sync "$image" >/dev/null; done
  wait_until 120 "containerd to drop its content" content_is_gone
}
content_is_gone() { [[ -z $(ctr content ls -q) ]]; }

# containerd keeps OCI images as they are: what is imported has the digest that the layout has.
load() {  # TAG REFERENCE
  skopeo copy --quiet "oci:$LAYOUT:$1" "oci-archive:$WORK/$1.tar:$1"
  ctr images import --snapshotter native --base-name import "$WORK/$1.tar" >>"$LOGS/ctr.log" 2>&1
  ctr images tag "import:$1" "$2" >/dev/null
}

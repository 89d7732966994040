#!/usr/bin/env bash
# The Debian package in a root filesystem of its own: installed with what it needs, serving, upgraded while it serves,
# removed and purged. systemd does not run there; what it would be asked is written down by a systemctl of the test.
. "$(dirname "${BASH_SOURCE[0]}")/lib/scenario.sh"
. "$LIB/server.sh"
. "$LIB/images.sh"

require_root chroot
require_command skopeo systemd-analyze dpkg-deb apt-get
is_sanitized && skip "a sanitized program is not what the package is for"

CHROOT=$WORK/root
inside() { chroot "$CHROOT" env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C "$@"; }
# How apt is asked here: by itself, with the lists and sources of this machine.
apt() { inside DEBIAN_FRONTEND=noninteractive apt-get -qq -y --no-install-recommends "$@" >>"$LOGS/apt.log" 2>&1; }

prepare_chroot() {
  prepare_root_filesystem
  mkdir "$CHROOT"
  tar -C "$CHROOT" -xf "$IMAGE_CACHE/rootfs.tar"
  mknod -m 666 "$CHROOT/dev/null" c 1 3 || skip "devices cannot be made here"
  rm -rf "$CHROOT/etc/apt"
  cp -a /etc/apt "$CHROOT/etc/"
  echo force-unsafe-io >"$CHROOT/etc/dpkg/dpkg.cfg.d/test"
  cp -L /etc/resolv.conf /etc/hosts "$CHROOT/etc/"
  cp -a /var/lib/apt/lists/. "$CHROOT/var/lib/apt/lists"
  # Libraries that an earlier run downloaded.
  mkdir -p "$CACHE/debs"
  find "$CACHE/debs" -name '*.deb' -exec cp -t "$CHROOT/var/cache/apt/archives" {} +
}

# From here on systemd seems to run: it is asked through this.
pretend_systemd() {
  mkdir -p "$CHROOT/run/systemd/system"
  cat >"$CHROOT/usr/bin/systemctl" <<'EOF'
#!/bin/sh
echo "$*" >>/var/log/asked
case "$*" in
  *is-enabled*) echo enabled ;;
esac
EOF
  chmod +x "$CHROOT/usr/bin/systemctl"
}
# What was done with the service since the last time.
asked() {
  grep -oE '(start|stop|restart|try-restart) shale.service' "$CHROOT/var/log/asked" | xargs || true
  : >"$CHROOT/var/log/asked"
}

# As the unit says it: its command, its user, its folder, and a socket that hears when it is ready.
UNIT=$CHROOT/lib/systemd/system/shale.service
unit() { sed -n "s/^$1=//p" "$UNIT"; }
start_service() {
  local command
  read -ra command <<<"$(unit ExecStart)"
  start_daemon server chroot --userspec=shale:shale "$CHROOT" \
    env -i NOTIFY_SOCKET=/run/notify sh -c 'cd "$1" && umask "$2" && shift 2 && exec "$@"' sh \
    "$(unit WorkingDirectory)" "$(unit UMask)" "${command[@]}"
  SERVER_PID=${DAEMON_PID[server]}
  wait_until 60 "the service to be ready" told READY=1
}
told() { [[ $(tail -n 1 "$WORK/told") == "$1"* ]]; }

export DEBEMAIL=shale@registry.example
it "is made around the program, without building it again"
old=$("$ROOT/deploy/package" --binary "$BINARY" --out "$WORK" 2>>"$LOGS/package.log")
# The next version of it, which differs in nothing else.
dpkg-deb -R "$old" "$WORK/next"
sed -i 's/^Version: .*/Version: 99.0-1/' "$WORK/next/DEBIAN/control"
new=$WORK/next.deb
dpkg-deb -Zgzip --root-owner-group -b "$WORK/next" "$new" >/dev/null
expect_match "what it needs" 'librocksdb.*libssl' "$(dpkg-deb -f "$old" Depends)"
expect_equal "its configuration files" /etc/shale/shale.yaml "$(dpkg-deb --ctrl-tarfile "$old" | tar -xO ./conffiles)"

it "installs with all that it needs, on a machine where systemd does not run"
prepare_chroot
cp "$old" "$new" "$CHROOT/tmp"
apt install "/tmp/${old##*/}" || { apt update && apt install "/tmp/${old##*/}"; } ||
  fail "it cannot be installed: $(tail -n 5 "$LOGS/apt.log")"
find "$CHROOT/var/cache/apt/archives" -name '*.deb' -exec cp -n -t "$CACHE/debs" {} +
expect_equal "its version" "$("$BINARY" --version)" "$(inside shale --version)"
OWNER=$(inside id -u shale)
expect_equal "the folder of the data" 750 "$(stat -c %a "$CHROOT/var/lib/shale")"
expect_equal "its owner" "$OWNER" "$(stat -c %u "$CHROOT/var/lib/shale")"
[[ -L $CHROOT/etc/systemd/system/multi-user.target.wants/shale.service ]] || fail "the service does not start with the machine"
inside shale check-config --config /etc/shale/shale.yaml >/dev/null
for file in man/man1/shale.1.gz man/man1/shale-tag.1.gz man/man5/shale.yaml.5.gz bash-completion/completions/shale \
  zsh/vendor-completions/_shale fish/vendor_completions.d/shale.fish; do
  [[ -s $CHROOT/usr/share/$file ]] || fail "there is no $file"
done

it "brings a unit that systemd understands and calls safe"
sed "s,/usr/bin/shale,$BINARY," "$UNIT" >"$WORK/shale.service"
expect_equal "what systemd says of it" "" "$(systemd-analyze verify --man=no "$WORK/shale.service" 2>&1)"
systemd-analyze security --offline=true --threshold=20 "$UNIT" >"$WORK/exposure" || fail "$(tail -n 1 "$WORK/exposure")"
echo "        $(tail -n 1 "$WORK/exposure")"
drain=$(inside shale check-config --config /etc/shale/shale.yaml --output json | jq -r '.timeouts.drain | rtrimstr("s")')
expect_less "timeouts.drain beside TimeoutStopSec" "$drain" "$(unit TimeoutStopSec | tr -d s)"

it "serves as its unit says: a push, a pull, and commands of root that name no server"
prepare_layout
REGISTRY=127.0.0.1:$(free_port)
echo "server: {listen: '$REGISTRY'}" >>"$CHROOT/etc/shale/shale.yaml"
touch "$WORK/told"
start_daemon manager python3 "$LIB/notified.py" "$CHROOT/run/notify" "$WORK/told"
wait_until 10 "the listener" test -S "$CHROOT/run/notify"
start_service
skopeo copy -q --dest-tls-verify=false "oci:$LAYOUT:busybox" "docker://$REGISTRY/tools/busybox:1"
pull() {
  rm -rf "$WORK/pulled"
  skopeo copy -q --src-tls-verify=false "docker://$REGISTRY/tools/busybox:1" "oci:$WORK/pulled:busybox"
  expect_same_image busybox "$WORK/pulled"
}
pull
expect_match "the tags" busybox.*1 "busybox $(inside shale tag list tools/busybox)"

it "reloads as its unit says, or says why not and serves on"
read -ra reload < <(unit ExecReload)
reload() { chroot --userspec=shale:shale "$CHROOT" env -i "${reload[@]}"; }
reload
echo 'limits: {page_size: many}' >>"$CHROOT/etc/shale/shale.yaml"
expect_failure reload
expect_match "what it says" 'shale.yaml:[0-9]+:.*page_size' "$OUTPUT"
sed -i '$d' "$CHROOT/etc/shale/shale.yaml"
pull

it "tells systemd when it reloads and when it stops"
kill -HUP "$SERVER_PID"
wait_until 10 "the reload" grep -q RELOADING=1 "$WORK/told"
wait_until 10 "the end of the reload" told READY=1

it "is upgraded while it serves, keeps what was edited, and then serves what was pushed before"
pretend_systemd
apt install "/tmp/${new##*/}" || fail "it cannot be upgraded: $(tail -n 5 "$LOGS/apt.log")"
expect_equal "what systemd was asked" "try-restart shale.service" "$(asked)"
expect_equal "the version" 99.0-1 "$(inside dpkg-query -W -f '${Version}' shale)"
grep -q "$REGISTRY" "$CHROOT/etc/shale/shale.yaml" || fail "the configuration is not what it was"
pull
stop_server
told STOPPING=1 || fail "it does not say that it stops: $(cat "$WORK/told")"
start_service
pull

it "is removed, and leaves the configuration and the images"
stop_server
apt remove shale
expect_equal "what systemd was asked" "stop shale.service" "$(asked)"
[[ ! -e $CHROOT/usr/bin/shale && ! -e $UNIT ]] || fail "something is left"
[[ -e $CHROOT/etc/shale/shale.yaml && -d $CHROOT/var/lib/shale/blobs ]] || fail "something is gone"

it "is purged without a question, says that the images stay, and finds them when it comes back"
apt purge shale
grep -q 'images in /var/lib/shale and the user shale that owns them were kept' "$LOGS/apt.log" || fail "it does not say so"
[[ ! -e $CHROOT/etc/shale && ! -L $CHROOT/etc/systemd/system/multi-user.target.wants/shale.service ]] || fail "something is left"
apt install "/tmp/${new##*/}"
expect_equal "what systemd was asked" "start shale.service" "$(asked)"
expect_equal "the owner of the data" "$OWNER" "$(inside id -u shale)"
echo "server: {listen: '$REGISTRY'}" >>"$CHROOT/etc/shale/shale.yaml"
start_service
pull
stop_server

it "leaves nothing where there are no images"
rm -rf "$CHROOT/var/lib/shale"
apt purge shale
! inside getent passwd shale || fail "the user is still there"

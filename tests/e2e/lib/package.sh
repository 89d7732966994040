# A Debian root filesystem of the script's own, the package in it, and what stands for systemd there. Sourced after
# scenario.sh, server.sh and images.sh.

require_package_tools() {
  require_root chroot
  require_command dpkg-deb apt-get
  is_sanitized && skip "a sanitized program is not what the package is for"
  return 0
}

make_package() {  # prints its path
  DEBEMAIL=shale@registry.example "$ROOT/deploy/package" --binary "$BINARY" --out "$WORK" 2>>"$LOGS/package.log"
}

# The next version of it, which differs in nothing else.
make_next() {  # PACKAGE   prints its path
  local new=$WORK/next.deb
  dpkg-deb -R "$1" "$WORK/next"
  sed -i 's/^Version: .*/Version: 99.0-1/' "$WORK/next/DEBIAN/control"
  dpkg-deb -Zgzip --root-owner-group -b "$WORK/next" "$new" >/dev/null
  echo "$new"
}

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

# What starts the service with the machine, and whether a removal keeps it from being started.
WANTED=$CHROOT/etc/systemd/system/multi-user.target.wants/shale.service
is_masked() { [[ -L $CHROOT/etc/systemd/system/shale.service ]]; }

# From here on systemd seems to run: it is asked through this.
pretend_systemd() {
  mkdir -p "$CHROOT/run/systemd/system"
  cat >"$CHROOT/usr/bin/systemctl" <<'EOF'
#!/bin/sh
echo "$*" >>/var/log/asked
wanted=/etc/systemd/system/multi-user.target.wants/shale.service
case "$*" in
  *is-enabled*) if [ -L "$wanted" ]; then echo enabled; else echo disabled; fi ;;
  *"preset shale.service") ln -sf /lib/systemd/system/shale.service "$wanted" ;;
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

# One that lies in /tmp there, with all that it needs.
install_package() {  # FILE
  apt install "/tmp/$1" || { apt update && apt install "/tmp/$1"; } ||
    fail "it cannot be installed: $(tail -n 5 "$LOGS/apt.log")"
  find "$CHROOT/var/cache/apt/archives" -name '*.deb' -exec cp -n -t "$CACHE/debs" {} +
}

# Hears what the service tells.
start_manager() {
  touch "$WORK/told"
  start_daemon manager python3 "$LIB/notified.py" "$CHROOT/run/notify" "$WORK/told"
  wait_until 10 "the listener" test -S "$CHROOT/run/notify"
}

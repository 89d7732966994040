#!/usr/bin/env bash
# The Debian package in a root filesystem of its own: installed with what it needs, serving, upgraded while it serves,
# removed and purged. systemd does not run there; what it would be asked is written down by a systemctl of the test.
. "$(dirname "${BASH_SOURCE[0]}")/lib/scenario.sh"
. "$LIB/server.sh"
. "$LIB/images.sh"
. "$LIB/package.sh"

require_package_tools
require_command skopeo systemd-analyze

it "is made around the program, without building it again"
old=$(make_package)
new=$(make_next "$old")
expect_match "what it needs" 'librocksdb.*libssl' "$(dpkg-deb -f "$old" Depends)"
expect_equal "its configuration files" /etc/shale/shale.yaml "$(dpkg-deb --ctrl-tarfile "$old" | tar -xO ./conffiles)"

it "installs with all that it needs, on a machine where systemd does not run"
prepare_chroot
cp "$old" "$new" "$CHROOT/tmp"
install_package "${old##*/}"
expect_equal "its version" "$("$BINARY" --version)" "$(inside shale --version)"
OWNER=$(inside id -u shale)
expect_equal "the folder of the data" 750 "$(stat -c %a "$CHROOT/var/lib/shale")"
expect_equal "its owner" "$OWNER" "$(stat -c %u "$CHROOT/var/lib/shale")"
[[ -L $WANTED ]] || fail "the service does not start with the machine"
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
start_manager
start_service
skopeo copy -q --dest-tls-verify=false "oci:$LAYOUT:busybox" "docker://$REGISTRY/tools/busybox:1"
pull() {
  rm -rf "$WORK/pulled"
  skopeo copy -q --src-tls-verify=false "docker://$REGISTRY/tools/busybox:1" "oci:$WORK/pulled:busybox"
  expect_same_image busybox "$WORK/pulled"
}
pull
expect_match "the tags" busybox.*1 "busybox $(inside shale tag list tools/busybox)"

it "is found by shale doctor without a URL, with the disk that it stands on"
inside shale doctor --output json >"$WORK/found" || fail "it is not well: $(cat "$WORK/found")"
expect_equal "instance and data" "http://$REGISTRY /var/lib/shale" \
  "$(jq -r '"\(.instance) \(.checks[] | select(.check == "data").found)"' "$WORK/found")"

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

it "comes back after a removal: it starts, with the configuration and the images that were left"
apt install "/tmp/${new##*/}"
expect_equal "what systemd was asked" "start shale.service" "$(asked)"
is_masked && fail "it cannot be started"
start_service
pull
stop_server

it "does not start when it comes back and was disabled before, but can be enabled"
rm "$WANTED"
apt remove shale
is_masked || fail "what is removed can be started"
apt install "/tmp/${new##*/}"
expect_equal "what systemd was asked" "stop shale.service" "$(asked)"
[[ ! -L $WANTED ]] || fail "it starts with the machine"
is_masked && fail "it cannot be enabled"
ln -s /lib/systemd/system/shale.service "$WANTED"
apt remove shale
asked >/dev/null

it "is purged without a question, says that the images stay, and finds them when it comes back"
apt purge shale
grep -q 'images in /var/lib/shale and the user shale that owns them were kept' "$LOGS/apt.log" || fail "it does not say so"
[[ ! -e $CHROOT/etc/shale && ! -L $WANTED ]] || fail "something is left"
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

#!/usr/bin/env bash
# TLS as clients and operators meet it: a private CA, names, versions, wrong protocols, renewal under load.
source "$(dirname "$0")/lib/scenario.sh"
source "$LIB/server.sh"
source "$LIB/images.sh"
source "$LIB/go_tools.sh"
source "$LIB/private_ca.sh"

require_command curl jq openssl skopeo python3
cd "$WORK"

# ---- a private CA ----------------------------------------------------------------------------------------------

make_ca
serial_of() { openssl x509 -in "$1" -noout -serial; }

issue main DNS:localhost,IP:127.0.0.1
issue team 'DNS:team.example,DNS:*.team.example'

tls_port=$(free_port)
TLS=localhost:$tls_port
tls_flags=(--listen "https://127.0.0.1:$tls_port" --tls.certificates main.crt --tls.certificates team.crt
  --tls.keys main.key --tls.keys team.key --log-level debug)
start_server "${tls_flags[@]}"

secure() { curl -sS --max-time 60 --cacert ca.crt "$@"; }
# What s_client says of a handshake; none of its exit status, which is about other things.
handshake() { timeout 30 openssl s_client -connect "127.0.0.1:$tls_port" -CAfile ca.crt "$@" </dev/null 2>&1 || true; }
shown_serial() { handshake "$@" | openssl x509 -noout -serial; }

# ---- being reached ---------------------------------------------------------------------------------------------

it "serves TLS and plain HTTP at once, to who trusts the CA and only to them"
expect_equal "over TLS" 200 "$(secure -o body -w '%{http_code}' "https://$TLS/v2/")"
expect_equal "by address" 200 "$(secure -o body -w '%{http_code}' "https://127.0.0.1:$tls_port/v2/")"
request GET /v2/
expect_status 200
expect_failure curl -sS --max-time 60 "https://$TLS/v2/"
expect_match "the complaint" 'certificate' "$OUTPUT"

it "shows the certificate for the name that is asked for, and the first one to others"
for name in team.example x.team.example; do
  expect_equal "for $name" "$(serial_of team.crt)" "$(shown_serial -servername "$name")"
  expect_equal "for $name" 200 "$(secure --connect-to "$name:443:127.0.0.1:$tls_port" -o body -w '%{http_code}' "https://$name/v2/")"
done
for name in localhost x.y.team.example other.example; do
  expect_equal "for $name" "$(serial_of main.crt)" "$(shown_serial -servername "$name")"
done
expect_equal "without a name" "$(serial_of main.crt)" "$(shown_serial -noservername)"

it "speaks TLS 1.2 and 1.3 with forward secrecy, and nothing older or weaker"
expect_match "TLS 1.3" 'New, TLSv1.3, Cipher is TLS_AES' "$(handshake -tls1_3)"
expect_match "TLS 1.2" 'New, TLSv1.2, Cipher is ECDHE-ECDSA-AES128-GCM' "$(handshake -tls1_2)"
expect_match "verification" 'Verification: OK' "$(handshake -verify_hostname localhost)"
is_refused() {  # REASON S_CLIENT OPTIONS...
  expect_match "the answer to ${*:2}" "alert $1" "$(handshake "${@:2}")"
}
is_refused 'protocol version' -tls1_1 -cipher 'DEFAULT@SECLEVEL=0'
is_refused 'protocol version' -tls1 -cipher 'DEFAULT@SECLEVEL=0'
is_refused 'handshake failure' -tls1_2 -cipher ECDHE-ECDSA-AES128-SHA256
is_refused 'handshake failure' -tls1_2 -cipher 'AES128-GCM-SHA256:AES128-SHA'

it "chooses HTTP/1.1 for who also knows HTTP/2"
expect_match "ALPN" 'ALPN protocol: http/1.1' "$(handshake -alpn h2,http/1.1)"
expect_equal "HTTP version of curl" 1.1 "$(secure --http2 -o body -w '%{http_version}' "https://$TLS/v2/")"

it "resumes a session"
for version in -tls1_2 -tls1_3; do
  printf 'GET /v2/ HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n' |
    timeout 30 openssl s_client -connect "127.0.0.1:$tls_port" "$version" -ign_eof -sess_out session >"$LOGS/session.log" 2>&1
  expect_match "resumption" 'Reused, TLSv1' "$(handshake "$version" -sess_in session)"
done

it "tells plain HTTP on the port for TLS what it should have done, and TLS on the plain port at once"
request GET "http://127.0.0.1:$tls_port/v2/"
expect_status 400
expect_match "the answer" 'this port speaks TLS: use https' "$(cat body)"
expect_failure secure --max-time 20 "https://$REGISTRY/v2/"
expect_match "the complaint" 'wrong version number' "$OUTPUT"

it "writes Locations with https for who came that way"
stop_server
start_server "${tls_flags[@]}" --server.absolute_locations true
location() { secure -X POST -D - -o body "$1/v2/team/app/blobs/uploads/" -H 'Content-Length: 0' | tr -d '\r' | sed -n 's/^[Ll]ocation: //p'; }
expect_match "location" "^https://$TLS/v2/team/app/" "$(location "https://$TLS")"
expect_match "location" "^http://$REGISTRY/v2/team/app/" "$(location "http://$REGISTRY")"

# ---- clients ---------------------------------------------------------------------------------------------------

it "takes and gives images through skopeo with the CA in its folder"
prepare_layout
mkdir certs
cp ca.crt certs/
skopeo copy --quiet --dest-cert-dir certs "oci:$LAYOUT:app-one" "docker://$TLS/team/app:one"
skopeo copy --quiet --src-cert-dir certs "docker://$TLS/team/app:one" "oci:$WORK/out:app-one"
digest=$(layout_digest app-one)
for blob in "$digest" $(jq -r '.config.digest, .layers[].digest' "$(layout_blob "$digest")"); do
  cmp "$(layout_blob "$blob")" "out/blobs/${blob/://}"
done
mkdir no-certs
expect_failure skopeo copy --quiet --src-cert-dir no-certs "docker://$TLS/team/app:one" dir:refused
expect_match "the complaint" 'certificate' "$OUTPUT"

it "takes and gives images through crane that trusts the CA"
if (use_go_tools) >"$LOGS/use-go-tools.log" 2>&1; then
  use_go_tools
  expect_equal "digest" "$digest" "$(SSL_CERT_FILE=ca.crt crane digest "$TLS/team/app:one")"
  SSL_CERT_FILE=ca.crt crane copy "$TLS/team/app:one" "$TLS/team/app:two" >>"$LOGS/crane.log" 2>&1
  expect_equal "digest" "$digest" "$(registry_digest team/app two)"
else
  echo "        NOT SHOWN: crane ($(tail -n 1 "$LOGS/use-go-tools.log"))"
fi

it "carries a large blob up and down, byte for byte"
head -c 100000000 /dev/urandom >blob
blob=sha256:$(sha256_of blob)
expect_equal "status" 201 "$(secure -o body -w '%{http_code}' -H 'Content-Type: application/octet-stream' --data-binary @blob \
  "https://$TLS/v2/team/app/blobs/uploads/?digest=$blob")"
for version in --tlsv1.3 '--tls-max 1.2'; do
  # shellcheck disable=SC2086  # one of them is two words
  secure $version -o back "https://$TLS/v2/team/app/blobs/$blob"
  cmp blob back
done
secure -r 12345678-23456789 -o back "https://$TLS/v2/team/app/blobs/$blob"
cmp back <(dd if=blob iflag=skip_bytes,count_bytes skip=12345678 count=11111112 status=none)

# ---- silence ---------------------------------------------------------------------------------------------------

it "serves others while many clients say nothing, and lets those go in time"
stop_server
start_server "${tls_flags[@]}" --timeouts.handshake 2s
start_daemon silent python3 -c "
import socket
held = [socket.create_connection(('127.0.0.1', $tls_port)) for _ in range(200)]
for half in held[::2]:
    half.sendall(b'\x16\x03\x01\x02\x00\x01')
print('connected', flush=True)
for each in held:
    try:
        while each.recv(4096):
            pass
    except ConnectionResetError:
        pass
print('let go', flush=True)
"
wait_until 60 "the silent clients" grep -q connected "$LOGS/silent.log"
expect_equal "beside them" 200 "$(secure --max-time 20 -o body -w '%{http_code}' "https://$TLS/v2/")"
wait_until 60 "their end" grep -q 'let go' "$LOGS/silent.log"

# ---- renewal ---------------------------------------------------------------------------------------------------

# Downloads over and over, slowly enough to be at it whenever a certificate changes.
download_until_told() {  # NUMBER
  while [[ ! -e enough ]]; do
    secure --limit-rate 50M -o "got.$1" "https://$TLS/v2/team/app/blobs/$blob" && cmp blob "got.$1" || return 1
    echo one >>"downloads.$1"
  done
}
shows() { [[ $(shown_serial) == "$(serial_of "$1")" ]]; }

it "takes renewed certificates without breaking a download"
downloads=()
for n in 1 2 3; do
  download_until_told $n 2>"$LOGS/download-$n.log" &
  downloads+=($!)
done
for _ in 1 2 3; do
  issue main DNS:localhost,IP:127.0.0.1
  wait_until 30 "the renewed certificate" shows main.crt
done

it "keeps the old certificate when the new one is broken, and says so once"
cp main.crt good.crt
echo broken >new.crt && mv new.crt main.crt
warned() { grep -c 'main.crt: has no certificate' "$SERVER_LOG" || true; }
wait_until 30 "the warning" grep -q 'main.crt: has no certificate' "$SERVER_LOG"
expect_equal "warnings" 1 "$(warned)"
shows good.crt || fail "the old certificate is gone"
kill -HUP "$SERVER_PID"
told_again() { (($(warned) > 1)); }
wait_until 30 "the answer to SIGHUP" told_again
shows good.crt || fail "the old certificate is gone"

it "reads certificates on SIGHUP"
issue main DNS:localhost,IP:127.0.0.1
kill -HUP "$SERVER_PID"
wait_until 30 "the renewed certificate" shows main.crt
# The server has looked at the broken file many times: the warnings are of the first look and of the first SIGHUP.
expect_equal "warnings" 2 "$(warned)"
touch enough
for pid in "${downloads[@]}"; do wait "$pid" || fail "a download broke off"; done
for n in 1 2 3; do [[ -s downloads.$n ]] || fail "download $n never came to its end"; done
stop_server

# ---- an operator's mistakes ------------------------------------------------------------------------------------

check() { timeout 20 "$BINARY" check-config --listen "https://127.0.0.1:$tls_port" "$@" 2>&1; }

it "names certificates that cannot be used, and warns of those that clients will not like"
expect_failure check --tls.certificates none.crt --tls.keys main.key
expect_match "missing" 'tls\.certificates: none\.crt: cannot be read' "$OUTPUT"
expect_failure check --tls.certificates main.crt --tls.keys team.key
expect_match "another's key" 'tls\.keys: team\.key: does not belong to the certificate in main\.crt' "$OUTPUT"
expect_failure check
expect_match "no certificate" 'shale tls self-signed' "$OUTPUT"
issue old DNS:localhost -1
chmod 644 old.key
OUTPUT=$(check --tls.certificates old.crt --tls.keys old.key)
expect_match "expired" 'tls\.certificates: warning: old\.crt: expired on' "$OUTPUT"
expect_match "open" 'tls\.keys: warning: old\.key: .*chmod 600' "$OUTPUT"

it "makes a certificate for a first try that works as it says"
expect_match "the words" 'curl --cacert' "$("$BINARY" tls self-signed --host localhost --host 127.0.0.1 --out first)"
expect_equal "mode of the key" 600 "$(stat -c %a first/shale.key)"
expect_failure "$BINARY" tls self-signed --host localhost --out first
start_server --listen "https://127.0.0.1:$tls_port" --tls.certificates first/shale.crt --tls.keys first/shale.key
expect_equal "over TLS" 200 "$(curl -sS --max-time 60 --cacert first/shale.crt -o body -w '%{http_code}' "https://$TLS/v2/")"
mkdir first-certs
cp first/shale.crt first-certs/ca.crt
expect_equal "skopeo's tags" 'one' "$(skopeo list-tags --cert-dir first-certs "docker://$TLS/team/app" | jq -r '.Tags[0]')"
stop_server

# A certificate authority of the script's own, as a company has one. Sourced after scenario.sh.

CA=$WORK/ca

# $CA.crt and $CA.key; another one under another name.
make_ca() {  # [NAME]
  local ca=${1:-$CA}
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 30 -subj '/CN=Private CA' \
    -keyout "$ca.key" -out "$ca.crt" 2>>"$LOGS/ca.log"
}

# Files NAME.crt and NAME.key, signed by the CA. Written elsewhere first: the server may be looking.
issue() {  # NAME ALTERNATIVE_NAMES [DAYS]
  openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj "/CN=${1##*/}" -keyout "$1.key.new" -out "$1.csr" \
    2>>"$LOGS/ca.log"
  openssl x509 -req -in "$1.csr" -CA "$CA.crt" -CAkey "$CA.key" -CAcreateserial -days "${3:-30}" \
    -extfile <(echo "subjectAltName=$2") -out "$1.crt.new" 2>>"$LOGS/ca.log"
  mv "$1.crt.new" "$1.crt"
  mv "$1.key.new" "$1.key"
}

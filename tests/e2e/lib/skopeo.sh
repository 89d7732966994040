# Images of the layout go to the registry and come back with skopeo. To be sourced after images.sh.

push() {  # IMAGE REFERENCE
  skopeo copy --quiet --dest-tls-verify=false "oci:$LAYOUT:$1" "docker://$REGISTRY/$2"
}

pull() {  # REFERENCE   into $WORK/pulled
  rm -rf "$WORK/pulled"
  skopeo copy --quiet --src-tls-verify=false "docker://$REGISTRY/$1" "oci:$WORK/pulled:x"
}

pulled() {  # REFERENCE   the digest that a client gets
  pull "$1"
  jq -r '.manifests[0].digest' "$WORK/pulled/index.json"
}

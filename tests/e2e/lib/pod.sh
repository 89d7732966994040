# A pod as a kubelet would run it: the volumes that its manifest mounts, in the places and with the owners that they have
# there, and the server without rights on a root that it cannot write. Sourced after server.sh, in namespaces of the
# script's own (--mount --net). Volumes are written to this script's /etc and /var/lib, which no other program sees.

POD=$WORK/pod.json          # the StatefulSet's template
OBJECTS=$WORK/objects.json  # what kubecheck printed
GIVEN=$WORK/given           # folders with the contents of Secrets that are made by other hands
GROUP=65532

prepare_node() {
  busybox ip link set lo up
  cp -a /etc "$WORK/etc"
  rm -rf "$WORK/etc/shale"
  mkdir -p "$WORK/var-lib/shale" "$GIVEN"
  mount --bind "$WORK/etc" /etc
  mount --bind "$WORK/var-lib" /var/lib
  chmod 755 "$WORK"
  # What a kubelet does with the root of a new volume for fsGroup; what lies in it belongs to the pod from then on.
  chown "root:$GROUP" /var/lib/shale
  chmod 2775 /var/lib/shale
}

take_pod() { jq '.[] | select(.kind == "StatefulSet") | .spec.template' "$OBJECTS" >"$POD"; }

# Fills the folders of ConfigMaps and Secrets, each at once, as a change of one comes to a pod: what is in them are links
# into a folder whose name changes.
mount_volumes() {
  local name path kind source mode fresh file
  while IFS=$'\t' read -r name path; do
    IFS=$'\t' read -r kind source mode < <(jq -r --arg name "$name" '.spec.volumes[] | select(.name == $name) |
      if .secret then ["Secret", .secret.secretName, .secret.defaultMode // 420]
      elif .configMap then ["ConfigMap", .configMap.name, 420] else ["other", "-", 0] end | @tsv' "$POD")
    [[ $kind != other ]] || continue
    mkdir -p "$path"
    fresh=$(mktemp -d "$path/..XXXXXX")
    write_contents "$kind" "$source" "$fresh"
    chown -R "root:$GROUP" "$path"
    chmod 755 "$fresh"
    chmod "$(printf %o "$mode")" "$fresh"/*
    ln -sfn "${fresh##*/}" "$path/..data.new"
    mv -T "$path/..data.new" "$path/..data"
    for file in "$fresh"/*; do ln -sf "..data/${file##*/}" "$path/${file##*/}"; done
  done < <(jq -r '.spec.containers[0].volumeMounts[] | [.name, .mountPath] | @tsv' "$POD")
}

write_contents() {  # KIND NAME FOLDER
  local key value
  if [[ -d $GIVEN/$2 ]]; then
    cp "$GIVEN/$2"/* "$3/"
    return
  fi
  while read -r key value; do base64 -d <<<"$value" >"$3/$key"; done < <(jq -r --arg kind "$1" --arg name "$2" '.[] |
    select(.kind == $kind and .metadata.name == $name) |
    ((.data // {} | to_entries[] | if $kind == "Secret" then . else .value |= @base64 end) | "\(.key) \(.value)")' "$OBJECTS")
}

# The image's program as the container runs it, and `kubectl exec`: without rights, on a root that cannot be written but
# for the volume.
AS_POD=()
enter_pod() {
  mapfile -t AS_POD < <(jq -r '.spec.containers[0].env[] | "\(.name)=\(.value)"' "$POD")
  # shellcheck disable=SC2016  # for the inner shell
  AS_POD=(unshare --mount --wd / sh -c 'mount --bind /var/lib/shale /var/lib/shale && mount -o remount,bind,ro / && exec "$@"' sh
    setpriv --reuid 65532 --regid "$GROUP" --groups "$GROUP" --bounding-set=-all --inh-caps=-all --no-new-privs
    --pdeathsig TERM -- env "${AS_POD[@]}" "$WORK/shale")
  cp -f "$BINARY" "$WORK/shale"
}

start_pod() {
  local arguments
  enter_pod
  mapfile -t arguments < <(jq -r '.spec.containers[0].args[]' "$POD")
  start_daemon server "${AS_POD[@]}" "${arguments[@]}"
  wait_until 60 "the pod to start" started_or_ended
  daemon_runs server || fail "the server ended instead of serving"
}
started_or_ended() { probe startupProbe || daemon_ended server; }

probe() {  # startupProbe|livenessProbe|readinessProbe
  local scheme path
  read -r scheme path < <(jq -r --arg probe "$1" '.spec.containers[0][$probe].httpGet | "\(.scheme) \(.path)"' "$POD")
  [[ $(curl -ksS --max-time 5 -o "$WORK/probe" -w '%{http_code}' "${scheme,,}://127.0.0.1:5000$path") == 200 ]]
}

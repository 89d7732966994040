# Real images for the clients to carry. Sourced after scenario.sh.
#
# What is costly to make is kept in $CACHE between runs: a root filesystem from debootstrap, the Debian packages of a
# runtime, and the images built from them as an OCI layout. All of it comes from the mirror this machine's apt uses.

IMAGE_CACHE=$CACHE/images
RUNTIME=python3-minimal

# A Debian root filesystem (rootfs.tar) and the runtime's packages (debs/), made once.
prepare_root_filesystem() {
  mkdir -p "$IMAGE_CACHE"
  exec 8>"$IMAGE_CACHE/rootfs.lock"
  flock 8
  if [[ ! -f $IMAGE_CACHE/rootfs.tar ]]; then
    require_root debootstrap
    echo "        (making a root filesystem with debootstrap, once)"
    local root=$WORK/rootfs suite mirror
    read -r suite mirror < <(debian_mirror)
    debootstrap --variant=minbase "$suite" "$root" "$mirror" >"$LOGS/debootstrap.log" 2>&1
    rm -f "$root"/var/cache/apt/archives/*.deb
    chroot "$root" apt-get install -qq -y --no-install-recommends --download-only "$RUNTIME" >>"$LOGS/debootstrap.log" 2>&1
    rm -rf "$IMAGE_CACHE/debs"
    mkdir "$IMAGE_CACHE/debs"
    mv "$root"/var/cache/apt/archives/*.deb "$IMAGE_CACHE/debs/"
    (cd "$root" && rm -rf usr/share/{doc,locale,man,info} var/cache/apt/*.bin var/lib/apt/lists/* dev/*)
    tar -C "$root" --numeric-owner -cf "$IMAGE_CACHE/rootfs.tar.partial" .
    mv "$IMAGE_CACHE/rootfs.tar.partial" "$IMAGE_CACHE/rootfs.tar"
    rm -rf --one-file-system "$root"
  fi
  flock -u 8
}

# The suite and mirror that apt on this machine takes its packages from.
debian_mirror() {
  local codename
  codename=$(. /etc/os-release && echo "$VERSION_CODENAME")
  # shellcheck disable=SC2016  # apt expands these itself
  apt-get indextargets --format '$(CODENAME) $(SITE)' 'Created-By: Packages' 'Component: main' |
    awk -v codename="$codename" '$1 == codename { print; exit }'
}

# Build contexts under $1, each with a Dockerfile: base <- runtime <- app-one, app-two, and busybox by itself.
write_build_contexts() {  # DIRECTORY
  local dir=$1 app
  mkdir -p "$dir"/{busybox,base,runtime,app-one,app-two}

  cp "$(command -v busybox)" "$dir/busybox/busybox"
  cat >"$dir/busybox/Dockerfile" <<'EOF'
FROM scratch
ADD busybox /bin/busybox
RUN ["/bin/busybox", "--install", "-s", "/bin"]
CMD ["/bin/sh", "-c", "echo hello from busybox"]
EOF

  prepare_root_filesystem
  ln -f "$IMAGE_CACHE/rootfs.tar" "$dir/base/" 2>/dev/null || cp "$IMAGE_CACHE/rootfs.tar" "$dir/base/"
  printf 'FROM scratch\nADD rootfs.tar /\nCMD ["/bin/sh"]\n' >"$dir/base/Dockerfile"

  cp -r "$IMAGE_CACHE/debs" "$dir/runtime/"
  printf 'FROM base\nCOPY debs /debs\nRUN apt-get install -y /debs/*.deb && rm -rf /debs\n' >"$dir/runtime/Dockerfile"

  for app in app-one app-two; do
    echo "import sys; print('hello from $app on python', sys.version_info[0])" >"$dir/$app/app.py"
    printf 'FROM runtime\nCOPY app.py /srv/app.py\nCMD ["python3", "/srv/app.py"]\n' >"$dir/$app/Dockerfile"
  done
}

# The same images as an OCI layout, built once with buildah: $LAYOUT:busybox, base, runtime, app-one, app-two, and
# `multi`, an index of busybox for three platforms.
prepare_layout() {
  require_command buildah debootstrap busybox
  prepare_root_filesystem
  LAYOUT=$IMAGE_CACHE/layout-$(declare -f write_build_contexts build_layout | sha256sum | cut -c1-12)
  exec 7>"$IMAGE_CACHE/layout.lock"
  flock 7
  if [[ ! -d $LAYOUT ]]; then
    require_root "buildah build"
    echo "        (building the images of the tests with buildah, once)"
    rm -rf "$IMAGE_CACHE"/layout-*/ # of earlier versions of this file
    build_layout "$LAYOUT.partial" >"$LOGS/build-layout.log" 2>&1
    mv "$LAYOUT.partial" "$LAYOUT"
  fi
  flock -u 7
}

build_layout() {  # DIRECTORY
  local layout=$1 contexts=$WORK/contexts image platform
  local buildah=(buildah --root "$WORK/buildah/root" --runroot "$WORK/buildah/run" --storage-driver vfs)
  write_build_contexts "$contexts"
  for image in busybox base runtime app-one app-two; do
    "${buildah[@]}" bud --isolation chroot --pull-never --layers -t "localhost/$image" "$contexts/$image"
    "${buildah[@]}" push "localhost/$image" "oci:$layout:$image"
  done
  "${buildah[@]}" manifest create localhost/multi
  for platform in linux/amd64 linux/arm64 linux/arm/v7; do
    mkdir -p "$contexts/multi"
    echo "built for $platform" >"$contexts/multi/platform"
    printf 'FROM scratch\nCOPY platform /platform\n' >"$contexts/multi/Dockerfile"
    "${buildah[@]}" bud --isolation chroot --platform "$platform" --manifest localhost/multi "$contexts/multi"
  done
  "${buildah[@]}" manifest push --all localhost/multi "oci:$layout:multi"
}

layout_digest() {  # TAG
  jq -r --arg tag "$1" '.manifests[] | select(.annotations["org.opencontainers.image.ref.name"] == $tag).digest' \
    "$LAYOUT/index.json"
}
layout_blob() { echo "$LAYOUT/blobs/${1/://}"; }  # DIGEST

# The digests of an image's manifest, config and layers.
image_digests() {  # TAG
  local manifest
  manifest=$(layout_digest "$1")
  echo "$manifest"
  jq -r '.config.digest, .layers[].digest' "$(layout_blob "$manifest")"
}

# Another layout holds the same image, to its last byte.
expect_same_image() {  # TAG OTHER_LAYOUT
  local digest
  for digest in $(image_digests "$1"); do cmp "$(layout_blob "$digest")" "$2/blobs/${digest/://}" || return; done
}

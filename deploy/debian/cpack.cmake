# What CPack makes the package of; deploy/package lays out the files and sets SHALE_... in the environment.
set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME shale)
set(CPACK_PACKAGE_VERSION "$ENV{SHALE_VERSION}")
set(CPACK_PACKAGE_CONTACT "$ENV{SHALE_MAINTAINER}")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "registry for container images and other OCI artifacts")
set(CPACK_INSTALLED_DIRECTORIES "$ENV{SHALE_FILES};/")
set(CPACK_INSTALL_CMAKE_PROJECTS "")
set(CPACK_INSTALL_COMMANDS "")
set(CPACK_PACKAGE_DIRECTORY "$ENV{SHALE_OUT}")
set(CPACK_PACKAGE_FILE_NAME "shale")
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)

set(CPACK_DEBIAN_PACKAGE_RELEASE 1)
set(CPACK_DEBIAN_PACKAGE_SECTION net)
set(CPACK_DEBIAN_PACKAGE_PRIORITY optional)
set(CPACK_PACKAGE_DESCRIPTION
"docker, podman, containerd, helm, oras and others push to it and pull from
it. Layers live once each on a filesystem, what refers to them in RocksDB,
and what was acknowledged is on disk. One program: it needs no database
server, no cron job and no night for collecting garbage.")
# The libraries are found in the program itself.
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_DEPENDS "adduser, init-system-helpers (>= 1.54~)")
set(CPACK_DEBIAN_PACKAGE_RECOMMENDS "ca-certificates")
set(CPACK_DEBIAN_PACKAGE_CONTROL_EXTRA
  "$ENV{SHALE_CONTROL}/conffiles;$ENV{SHALE_CONTROL}/postinst;$ENV{SHALE_CONTROL}/prerm;$ENV{SHALE_CONTROL}/postrm")
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
set(CPACK_DEBIAN_COMPRESSION_TYPE xz)

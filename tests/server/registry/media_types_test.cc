#include "server/registry/media_types.h"

#include <string>

#include <doctest/doctest.h>

namespace shale::registry {
namespace {

TEST_CASE("media types: the shape of a manifest follows from its type") {
  CHECK(shape_of("application/vnd.oci.image.manifest.v1+json") == Shape::kImage);
  CHECK(shape_of("application/vnd.docker.distribution.manifest.v2+json") == Shape::kImage);
  CHECK(shape_of("application/vnd.oci.image.index.v1+json") == Shape::kIndex);
  CHECK(shape_of("application/vnd.docker.distribution.manifest.list.v2+json") == Shape::kIndex);
  CHECK(shape_of("application/vnd.docker.distribution.manifest.v1+json") == Shape::kSchema1);
  CHECK(shape_of("application/vnd.docker.distribution.manifest.v1+prettyjws") == Shape::kSchema1);
  CHECK(shape_of("application/vnd.oci.artifact.manifest.v1+json") == Shape::kOther);
  CHECK(shape_of("application/x+json") == Shape::kOther);
}

TEST_CASE("media types: what is no manifest type, or could break a header, has no shape") {
  for (const std::string type :
       {"", "application/json", "text/plain", "+json", "/+json", "application/", "a b/c+json",
        "application/x\r\nSet-Cookie: a+json", "application/x/y+json", "application/x;y=z+json",
        "application/\xC3\xA9+json", "-a/b+json"}) {
    CAPTURE(type);
    CHECK(shape_of(type) == Shape::kNone);
  }
  CHECK(shape_of("application/" + std::string(122, 'x') + "+json") == Shape::kOther);
  CHECK(shape_of("application/" + std::string(123, 'x') + "+json") == Shape::kNone);
}

TEST_CASE("media types: the essence has no parameters and no blanks") {
  CHECK(essence("application/vnd.OCI.image.index.v1+JSON ; charset=utf-8") ==
        "application/vnd.OCI.image.index.v1+JSON");
  CHECK(essence(" \ta/b\t ") == "a/b");
  CHECK(essence("").empty());
  CHECK(essence(" ; charset=utf-8").empty());
}

TEST_CASE("media types: layers that are never pushed are known, other ones are not") {
  for (const char* type : {"application/vnd.oci.image.layer.nondistributable.v1.tar",
                           "application/vnd.oci.image.layer.nondistributable.v1.tar+gzip",
                           "application/vnd.oci.image.layer.nondistributable.v1.tar+zstd",
                           "application/vnd.docker.image.rootfs.foreign.diff.tar",
                           "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip"}) {
    CAPTURE(type);
    CHECK(is_non_distributable(type));
  }
  CHECK_FALSE(is_non_distributable("application/vnd.oci.image.layer.v1.tar+gzip"));
  CHECK_FALSE(is_non_distributable("application/vnd.docker.image.rootfs.diff.tar.gzip"));
}

}  // namespace
}  // namespace shale::registry

#include "server/http/media_type.h"

#include <string_view>

#include <doctest/doctest.h>

namespace shale::http {
namespace {

TEST_CASE("media_type_of: the type without its parameters, as it was sent") {
  CHECK(media_type_of("application/vnd.oci.image.manifest.v1+json") ==
        "application/vnd.oci.image.manifest.v1+json");
  CHECK(media_type_of(" Text/Plain ; charset=utf-8; q=\"a;b\"") == "Text/Plain");
  CHECK(media_type_of("a/b;") == "a/b");
}

TEST_CASE("media_type_of: anything else is none") {
  for (const std::string_view field :
       {"", ";", "a", "/", "a/", "/b", "a/b/c", "a /b", "a/ b", "a/b c", "a/b, c/d", "a/\"b\"",
        "a/b\x7f", "caf\xC3\xA9/b"}) {
    CAPTURE(field);
    CHECK_FALSE(media_type_of(field));
  }
}

TEST_CASE("same_media_type: compares without case") {
  CHECK(same_media_type("Application/JSON", "application/json"));
  CHECK_FALSE(same_media_type("application/json", "application/json5"));
}

}  // namespace
}  // namespace shale::http

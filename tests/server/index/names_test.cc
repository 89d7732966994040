#include "server/index/names.h"

#include <string>

#include <doctest/doctest.h>

#include "tests/support/bytes.h"
#include "tests/support/result.h"

namespace shale::testing {
namespace {

using index::RepositoryName;
using index::Tag;

TEST_CASE("RepositoryName: takes every name of the grammar") {
  for (const std::string name :
       {"a", "0", "library/busybox", "a.b", "a_b", "a__b", "a-b", "a----b", "a.b_c__d--e/f",
        "blobs/manifests/tags/uploads", "a/b/c/d/e/f/g/h", "1/2"}) {
    CAPTURE(name);
    CHECK(value(RepositoryName::parse(name)).str() == name);
  }
}

TEST_CASE("RepositoryName: refuses what the grammar does not have") {
  for (const std::string name :
       {"",     "A",     "aB",          "_a",   "a_",      ".a",   "a.", "-a",
        "a-",   "a..b",  "a___b",       "a._b", "a-_b",    "a.-b", "/a", "a/",
        "a//b", "/",     "a/_b",        "a b",  "a:b",     "a@b",  "..", "a/../b",
        "a\\b", "a%2fb", "caf\xc3\xa9", "\xff", "_catalog"}) {
    CAPTURE(name);
    CHECK(error_code(RepositoryName::parse(name)) == Errc::kNameInvalid);
  }
  CHECK(error_code(RepositoryName::parse({"a\0b", 3})) == Errc::kNameInvalid);
}

TEST_CASE("RepositoryName: takes 255 bytes and refuses 256") {
  CHECK(RepositoryName::parse(std::string(255, 'a')));
  CHECK(error_code(RepositoryName::parse(std::string(256, 'a'))) == Errc::kNameInvalid);
}

TEST_CASE("RepositoryName: a refusal tells the client what it sent and what is wrong") {
  const auto refused = RepositoryName::parse("Library/x");
  REQUIRE_FALSE(refused);
  REQUIRE(refused.error().details.size() == 1);
  CHECK(refused.error().details.front() ==
        "repository name \"Library/x\": only a-z, 0-9, '.', '_', '-' and '/' are allowed");
}

TEST_CASE("RepositoryName: a refusal shows hostile bytes harmlessly and not at length") {
  const auto refused = RepositoryName::parse("\xff\n" + std::string(5000, 'x'));
  REQUIRE_FALSE(refused);
  const std::string detail = refused.error().details.at(0);
  CHECK(detail.find("\\xff\\x0a") != detail.npos);
  CHECK(detail.size() < 300);
}

TEST_CASE("Tag: takes every tag of the grammar") {
  for (const std::string name : {"a", "A", "0", "_", "latest", "v1.2.3-rc.1", "__", "a..b", "a-",
                                 "sha256-0123456789abcdef.sig"}) {
    CAPTURE(name);
    CHECK(value(Tag::parse(name)).str() == name);
  }
  CHECK(Tag::parse(std::string(128, 'x')));
}

TEST_CASE("Tag: refuses what the grammar does not have") {
  for (const std::string name :
       {"", ".a", "-a", ".INVALID_MANIFEST_NAME", "a/b", "a:b", "a b", "a@b", "\xc3\xa9", "a\n"}) {
    CAPTURE(name);
    CHECK(error_code(Tag::parse(name)) == Errc::kTagInvalid);
  }
  CHECK(error_code(Tag::parse(std::string(129, 'x'))) == Errc::kTagInvalid);
  CHECK(error_code(Tag::parse({"a\0", 2})) == Errc::kTagInvalid);
}

TEST_CASE("parse_reference: a colon makes it a digest, else it is a tag") {
  const Digest digest = digest_of("x");
  CHECK(std::get<Digest>(value(index::parse_reference(digest.str()))) == digest);
  CHECK(std::get<Tag>(value(index::parse_reference("latest"))).str() == "latest");
  CHECK(error_code(index::parse_reference("sha256:short")) == Errc::kDigestInvalid);
  CHECK(error_code(index::parse_reference("")) == Errc::kTagInvalid);
}

}  // namespace
}  // namespace shale::testing

#include "blobstore/upload_id.h"

#include <set>
#include <string>

#include <doctest/doctest.h>

#include "tests/support/result.h"

namespace shale::testing {
namespace {

TEST_CASE("UploadId: a random one is an id, and not the last one again") {
  std::set<UploadId> seen;
  for (int i = 0; i < 1000; ++i) {
    const UploadId id = UploadId::random();
    CHECK(value(UploadId::parse(id.str())) == id);
    seen.insert(id);
  }
  CHECK(seen.size() == 1000);
}

TEST_CASE("UploadId: takes every digit in every place") {
  std::set<char> digits;
  for (int i = 0; i < 1000; ++i)
    digits.insert(UploadId::random().str()[0]);
  CHECK(digits.size() == 16);
}

TEST_CASE("UploadId: nothing but a lower-case version 4 UUID is one") {
  REQUIRE(UploadId::parse("01234567-89ab-4def-8123-456789abcdef"));
  for (const std::string text : {
           "",
           "01234567-89ab-4def-8123-456789abcde",
           "01234567-89ab-4def-8123-456789abcdef0",
           "01234567-89AB-4def-8123-456789abcdef",
           "01234567-89ab-1def-8123-456789abcdef",
           "01234567-89ab-4def-c123-456789abcdef",
           "0123456789ab-4def-8123-456789abcdef-",
           "01234567-89ab-4def-8123-456789abcde/",
           "../../../../../../../etc/passwd/////",
           "01234567_89ab_4def_8123_456789abcdef",
           "{1234567-89ab-4def-8123-456789abcde}",
       }) {
    CAPTURE(text);
    CHECK(error_code(UploadId::parse(text)) == Errc::kUploadUnknown);
  }
  CHECK_FALSE(UploadId::parse(std::string("01234567-89ab-4def-8123-456789abcde\0", 36)));
}

}  // namespace
}  // namespace shale::testing

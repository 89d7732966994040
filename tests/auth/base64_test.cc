#include "auth/base64.h"

#include <doctest/doctest.h>

namespace shale::auth {
namespace {

TEST_CASE("Base64: what RFC 4648 shows") {
  CHECK(decode_base64("") == "");
  CHECK(decode_base64("Zg==") == "f");
  CHECK(decode_base64("Zm8=") == "fo");
  CHECK(decode_base64("Zm9vYmFy") == "foobar");
  CHECK(decode_base64("//79") == "\xff\xfe\xfd");
  CHECK(encode_base64url("") == "");
  CHECK(encode_base64url("f") == "Zg");
  CHECK(encode_base64url("\xff\xfe\xfd") == "__79");
  CHECK(decode_base64url("__79") == "\xff\xfe\xfd");
}

TEST_CASE("Base64: every byte comes back") {
  std::string all;
  for (int i = 0; i < 256; ++i) {
    all += static_cast<char>(i);
    CHECK(decode_base64url(encode_base64url(all)) == all);
  }
}

TEST_CASE("Base64: what is not exactly that is refused") {
  for (const std::string_view bad : {"Zg", "Zg=", "Z===", "====", "Zm9=", "Zh==", "Zm9v\n", " Zm9v",
                                     "Zm_v", "Zm9vZ", "Zm=v", "Zm9vYg==Zm9v"}) {
    CAPTURE(bad);
    CHECK_FALSE(decode_base64(bad));
  }
  for (const std::string_view bad : {"Zg==", "Zh", "Z", "Zm+v", "Zm9v\n"}) {
    CAPTURE(bad);
    CHECK_FALSE(decode_base64url(bad));
  }
}

}  // namespace
}  // namespace shale::auth

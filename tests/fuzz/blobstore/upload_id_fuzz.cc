#include <cstddef>
#include <cstdint>
#include <string_view>

#include "blobstore/upload_id.h"
#include "tests/fuzz/fuzz.h"

namespace shale {
namespace {

/// RFC 9562, version 4, lower case; written down a second time.
bool is_uuid(std::string_view text) {
  if (text.size() != 36) return false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool dash = i == 8 || i == 13 || i == 18 || i == 23;
    const std::string_view allowed = dash      ? "-"
                                     : i == 14 ? "4"
                                     : i == 19 ? "89ab"
                                               : "0123456789abcdef";
    if (allowed.find(text[i]) == std::string_view::npos) return false;
  }
  return true;
}

void run(std::string_view text) {
  const auto id = UploadId::parse(text);
  FUZZ_CHECK(id.has_value() == is_uuid(text));
  if (!id) {
    FUZZ_CHECK(id.error().code == Errc::kUploadUnknown);
    return;
  }
  FUZZ_CHECK(id->str() == text);
}

}  // namespace
}  // namespace shale

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {  // NOLINT
  shale::run({reinterpret_cast<const char*>(data), size});
  return 0;
}

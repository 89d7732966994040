#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "server/http/multipart.h"
#include "server/http/range.h"
#include "tests/fuzz/fuzz.h"

namespace shale::http {
namespace {

void check_ranges(std::string_view field, std::uint64_t size) {
  const auto outcome = parse_range(field, size, 8);
  const auto* ranges = std::get_if<std::vector<ByteRange>>(&outcome);
  if (ranges == nullptr) return;
  FUZZ_CHECK(!ranges->empty() && ranges->size() <= 8);
  std::uint64_t left = size;
  for (const ByteRange& range : *ranges) {
    FUZZ_CHECK(range.first <= range.last && range.last < size);
    FUZZ_CHECK(range.length() <= left);
    left -= range.length();
  }
}

void check_answer(std::string_view field, std::uint64_t size) {
  Response response;
  response.body.emplace_back(FileSlice{.owner = {}, .descriptor = -1, .offset = 0, .length = size});
  const bool satisfied = apply_range(response, field, "boundary");
  const bool partial = response.status == 206;
  FUZZ_CHECK(partial || (response.status == 200 && response.body_length() == size));
  FUZZ_CHECK(satisfied || !partial);
  if (partial && response.body.size() == 1) {
    FUZZ_CHECK(response.headers.find("Content-Range"));
    FUZZ_CHECK(response.body_length() > 0 && response.body_length() <= size);
  }
}

/// The first eight bytes are the size, the rest is the field.
void run(std::string_view bytes) {
  std::uint64_t size = 0;
  if (bytes.size() < sizeof size) return;
  std::memcpy(&size, bytes.data(), sizeof size);
  const std::string_view field = bytes.substr(sizeof size);
  for (const std::uint64_t each : {size, size % 100, std::uint64_t{0}}) {
    check_ranges(field, each);
    check_answer(field, each);
  }
  if (const auto chunk = parse_chunk_range(field)) FUZZ_CHECK(chunk->first <= chunk->last);
}

}  // namespace
}  // namespace shale::http

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {  // NOLINT
  shale::http::run({reinterpret_cast<const char*>(data), size});
  return 0;
}

#include "server/index/rocks/codec.h"

#include <cassert>
#include <limits>
#include <span>

namespace shale::index::rocks {
namespace {

constexpr unsigned kByteBits = 8;
/// Turns signed order into unsigned order.
constexpr std::uint64_t kSignBit = std::uint64_t{1} << 63U;

void append_number(std::string& bytes, std::uint64_t value, std::size_t size) {
  for (std::size_t left = size; left > 0; --left) {
    bytes += static_cast<char>((value >> ((left - 1) * kByteBits)) & 0xFFU);
  }
}

}  // namespace

Encoder& Encoder::u8(std::uint8_t value) {
  bytes_ += static_cast<char>(value);
  return *this;
}

Encoder& Encoder::u32(std::uint32_t value) {
  append_number(bytes_, value, sizeof value);
  return *this;
}

Encoder& Encoder::u64(std::uint64_t value) {
  append_number(bytes_, value, sizeof value);
  return *this;
}

Encoder& Encoder::time(Time value) {
  return u64(static_cast<std::uint64_t>(value.time_since_epoch().count()) ^ kSignBit);
}

Encoder& Encoder::digest(const Digest& value) {
  u8(static_cast<std::uint8_t>(value.algorithm()));
  const auto raw_bytes = value.raw();
  bytes_.append(reinterpret_cast<const char*>(raw_bytes.data()), raw_bytes.size());
  return *this;
}

Encoder& Encoder::raw(std::string_view value) {
  bytes_ += value;
  return *this;
}

Encoder& Encoder::text(std::string_view value) {
  assert(value.size() <= std::numeric_limits<std::uint32_t>::max());
  return u32(static_cast<std::uint32_t>(value.size())).raw(value);
}

Encoder& Encoder::terminated(std::string_view value) {
  assert(value.find('\0') == value.npos);
  return raw(value).u8(0);
}

std::string_view Decoder::take(std::size_t size) {
  if (failed_ || size > rest_.size()) {
    failed_ = true;
    return {};
  }
  const std::string_view taken = rest_.substr(0, size);
  rest_.remove_prefix(size);
  return taken;
}

std::uint64_t Decoder::number(std::size_t size) {
  std::uint64_t value = 0;
  for (const char byte : take(size)) {
    value = value << kByteBits | static_cast<unsigned char>(byte);
  }
  return value;
}

std::uint8_t Decoder::u8() {
  return static_cast<std::uint8_t>(number(sizeof(std::uint8_t)));
}
std::uint32_t Decoder::u32() {
  return static_cast<std::uint32_t>(number(sizeof(std::uint32_t)));
}
std::uint64_t Decoder::u64() {
  return number(sizeof(std::uint64_t));
}

Time Decoder::time() {
  const std::uint64_t value = u64();
  return failed_ ? Time{}
                 : Time{std::chrono::milliseconds(static_cast<std::int64_t>(value ^ kSignBit))};
}

std::optional<Digest> Decoder::digest() {
  const auto algorithm = static_cast<Algorithm>(u8());
  // A value that is no algorithm must not reach `digest_size`.
  if (algorithm != Algorithm::kSha256 && algorithm != Algorithm::kSha512) {
    failed_ = true;
    return std::nullopt;
  }
  const std::string_view raw = take(digest_size(algorithm));
  if (failed_) {
    return std::nullopt;
  }
  return Digest::from_raw(algorithm, std::as_bytes(std::span(raw)));
}

std::string_view Decoder::text() {
  return take(u32());
}

std::string_view Decoder::terminated() {
  const std::size_t end = rest_.find('\0');
  if (failed_ || end == rest_.npos) {
    failed_ = true;
    return {};
  }
  const std::string_view value = take(end);
  take(1);
  return value;
}

std::string_view Decoder::rest() {
  return take(failed_ ? 0 : rest_.size());
}

}  // namespace shale::index::rocks

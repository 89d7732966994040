#include "auth/robot_secret.h"

#include <cstddef>
#include <cstdint>

#include "auth/secrets.h"

namespace shale::auth {
namespace {

constexpr std::string_view kPrefix = "shale_";
constexpr std::string_view kAlphabet =
    "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
constexpr std::size_t kRandom = 40;
constexpr std::size_t kCheck = 6;

std::string check_of(std::string_view random) {
  const std::string digest = sha256(random);
  std::uint64_t number = 0;
  for (const char byte : digest.substr(0, 8))
    number = number << 8 | static_cast<unsigned char>(byte);
  std::string check;
  for (std::size_t i = 0; i < kCheck; ++i) {
    check += kAlphabet[number % kAlphabet.size()];
    number /= kAlphabet.size();
  }
  return check;
}

}  // namespace

std::string make_robot_secret() {
  // Bytes that would make some letters likelier than others are thrown away.
  constexpr std::size_t kFair = 256 / kAlphabet.size() * kAlphabet.size();
  std::string random;
  while (random.size() < kRandom) {
    for (const char c : random_bytes(kRandom)) {
      const auto byte = static_cast<unsigned char>(c);
      if (byte < kFair && random.size() < kRandom) random += kAlphabet[byte % kAlphabet.size()];
    }
  }
  return std::string(kPrefix) + random + check_of(random);
}

bool is_robot_secret(std::string_view text) {
  if (text.size() != kPrefix.size() + kRandom + kCheck || !text.starts_with(kPrefix)) return false;
  const std::string_view random = text.substr(kPrefix.size(), kRandom);
  return random.find_first_not_of(kAlphabet) == std::string_view::npos &&
         text.substr(kPrefix.size() + kRandom) == check_of(random);
}

std::string hash_robot_secret(std::string_view secret) {
  constexpr std::string_view kHex = "0123456789abcdef";
  std::string hex;
  for (const char c : sha256(secret)) {
    const auto byte = static_cast<unsigned char>(c);
    hex += kHex[byte >> 4];
    hex += kHex[byte & 15];
  }
  return hex;
}

}  // namespace shale::auth

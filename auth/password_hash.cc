#include "auth/password_hash.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <memory>
#include <system_error>

#include <crypt.h>

#include "auth/secrets.h"

namespace shale::auth {
namespace {

constexpr std::size_t kBcryptBytes = 72;
constexpr int kBcryptCost = 10;

bool only_crypt_characters(std::string_view text) {
  return std::ranges::all_of(text, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
           c == '/' || c == '$' || c == '=';
  });
}

// The most that one login may cost: seconds of a thread, and a share of the memory that
// several logins at a time can have.
constexpr unsigned kMostBcryptCost = 16;
constexpr unsigned kMostSha512Rounds = 1'000'000;
constexpr std::uint64_t kMostYescryptBytes = std::uint64_t{256} << 20;

/// Nothing but digits.
std::optional<unsigned> parse_digits(std::string_view text) {
  unsigned value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

HashForm within(std::uint64_t cost, std::uint64_t most) {
  return cost <= most ? HashForm::kGood : HashForm::kTooCostly;
}

/// `$2b$` + two digits + `$` + 22 of salt + 31 of hash.
HashForm form_of_bcrypt(std::string_view hash) {
  constexpr std::size_t kLength = 60;
  constexpr unsigned kCheapest = 4;
  constexpr unsigned kDearest = 31;
  if (hash.size() != kLength || hash[6] != '$') return HashForm::kUnknown;
  const auto cost = parse_digits(hash.substr(4, 2));
  const bool whole = cost && *cost >= kCheapest && *cost <= kDearest &&
                     hash.substr(7).find('$') == std::string_view::npos;
  return whole ? within(*cost, kMostBcryptCost) : HashForm::kUnknown;
}

/// What stands between the form's mark and the hash, which is after the last `$`, and
/// has this length.
std::optional<std::string_view> setting_of(std::string_view hash, std::string_view mark,
                                           std::size_t length) {
  const auto last = hash.rfind('$');
  if (last < mark.size() || hash.size() - last - 1 != length) return std::nullopt;
  return hash.substr(mark.size(), last - mark.size());
}

/// `$6$` + perhaps `rounds=` and digits and `$` + salt + `$` + hash.
HashForm form_of_sha512(std::string_view hash) {
  constexpr std::string_view kRounds = "rounds=";
  constexpr std::size_t kHash = 86;
  auto setting = setting_of(hash, "$6$", kHash);
  if (!setting) return HashForm::kUnknown;
  unsigned rounds = 0;
  if (setting->starts_with(kRounds)) {
    const auto end = setting->find('$');
    if (end == std::string_view::npos) return HashForm::kUnknown;
    const auto given = parse_digits(setting->substr(kRounds.size(), end - kRounds.size()));
    if (!given) return HashForm::kUnknown;
    rounds = *given;
    setting->remove_prefix(end + 1);
  }
  const bool whole = setting->find('$') == std::string_view::npos;
  return whole ? within(rounds, kMostSha512Rounds) : HashForm::kUnknown;
}

/// The value of one character of crypt's base64, as far as it stands for a number alone:
/// larger numbers take several.
std::optional<unsigned> parse_number(char c) {
  constexpr std::string_view kDigits = "./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghij";
  const auto at = kDigits.find(c);
  return at == std::string_view::npos ? std::nullopt : std::optional(static_cast<unsigned>(at));
}

/// `$y$j` + a character each for the count of blocks and their size + `$` + salt + `$` +
/// hash. Other flavors and further parameters exist, and no tool that writes them for
/// passwords.
HashForm form_of_yescrypt(std::string_view hash) {
  constexpr std::size_t kHash = 43;
  const auto setting = setting_of(hash, "$y$j", kHash);
  if (!setting || setting->size() < 3 || setting->find('$') != 2 || setting->rfind('$') != 2) {
    return HashForm::kUnknown;
  }
  const auto blocks = parse_number(setting->at(0));
  const auto size = parse_number(setting->at(1));
  if (!blocks || !size) return HashForm::kUnknown;
  // Both are written less one, and the count as its logarithm.
  return within((std::uint64_t{128} * (*size + 1)) << (*blocks + 1), kMostYescryptBytes);
}

}  // namespace

HashForm form_of_hash(std::string_view hash) {
  if (hash.size() >= CRYPT_OUTPUT_SIZE || !only_crypt_characters(hash)) return HashForm::kUnknown;
  if (hash.starts_with("$2a$") || hash.starts_with("$2b$") || hash.starts_with("$2y$")) {
    return form_of_bcrypt(hash);
  }
  if (hash.starts_with("$6$")) return form_of_sha512(hash);
  return hash.starts_with("$y$j") ? form_of_yescrypt(hash) : HashForm::kUnknown;
}

bool password_matches(const std::string& hash, const std::string& password) {
  if (password.size() >= CRYPT_MAX_PASSPHRASE_SIZE || password.find('\0') != std::string::npos) {
    return false;
  }
  const auto data = std::make_unique<::crypt_data>();  // 32 KiB, too large for a stack
  const char* computed = ::crypt_r(password.c_str(), hash.c_str(), data.get());
  // What begins with '*' is how libxcrypt says that it could not.
  return computed != nullptr && *computed != '*' && equal_secrets(computed, hash);
}

std::optional<std::string> hash_password(const std::string& password) {
  if (password.empty() || password.size() > kBcryptBytes ||
      password.find('\0') != std::string::npos) {
    return std::nullopt;
  }
  const std::string random = random_bytes(16);
  std::array<char, CRYPT_GENSALT_OUTPUT_SIZE> setting{};
  if (::crypt_gensalt_rn("$2y$", kBcryptCost, random.data(), static_cast<int>(random.size()),
                         setting.data(), static_cast<int>(setting.size())) == nullptr) {
    return std::nullopt;
  }
  const auto data = std::make_unique<::crypt_data>();
  const char* hash = ::crypt_r(password.c_str(), setting.data(), data.get());
  if (hash == nullptr || *hash == '*') return std::nullopt;
  return std::string(hash);
}

}  // namespace shale::auth

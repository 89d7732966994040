#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace shale::http {

/// Decodes `%XX`. None for a broken escape, a NUL or control character, invalid
/// UTF-8, or, with a `%2F` or `%5C` inside, a path whose parts would change. Dot
/// segments and empty parts stay what they are: nothing resolves them, and no
/// name, tag or digest can be one.
std::optional<std::string> decode_path(std::string_view encoded);

/// The parameters of a query in their order, decoded (`+` stays a plus: digests
/// and media types hold it, and no registry client sends forms here). None when
/// an escape is broken or the result is not UTF-8 or holds a control character.
/// `a` is `a=`; what is empty between two `&` is skipped.
class Query {
 public:
  static std::optional<Query> parse(std::string_view encoded);

  /// The first parameter of that name.
  std::optional<std::string_view> find(std::string_view name) const noexcept;
  std::vector<std::string_view> find_all(std::string_view name) const;

 private:
  std::vector<std::pair<std::string, std::string>> parameters_;
};

/// Encodes everything but the unreserved characters.
std::string encode_component(std::string_view text);

/// As `encode_component`, but keeps the '/' between parts.
std::string encode_path(std::string_view path);

/// `host` or `host:port` that may be copied into a URI as it stands: a name of
/// unreserved characters, an IPv4 address or an IPv6 address in brackets, and a
/// port up to 65535. Stricter than RFC 3986, which allows escapes and sub-delims.
bool is_authority(std::string_view text);

}  // namespace shale::http

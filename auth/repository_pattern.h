#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace shale::auth {

/// Repository names as operators write them: `*` stands for anything within one
/// part of the path, `**` as a part of its own for one or more whole parts.
/// `team-a/**` is everything below `team-a`, `**` every repository.
class RepositoryPattern {
 public:
  /// None when it could match no repository: characters that names do not have,
  /// empty parts, or `**` beside other characters.
  static std::optional<RepositoryPattern> parse(std::string_view text);

  bool matches(std::string_view repository) const;
  /// Whether it is known to match all that `other` matches. False may also mean that
  /// it is hard to say.
  bool covers(const RepositoryPattern& other) const;
  /// Whether some name might match both. True may also mean that it is hard to say.
  bool may_meet(const RepositoryPattern& other) const;
  const std::string& str() const noexcept { return text_; }
  bool operator==(const RepositoryPattern&) const = default;

 private:
  explicit RepositoryPattern(std::string text) : text_(std::move(text)) {}
  std::string text_;
};

}  // namespace shale::auth

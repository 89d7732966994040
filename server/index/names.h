#pragma once

#include <compare>
#include <string>
#include <string_view>
#include <variant>

#include "blobstore/digest.h"
#include "blobstore/result.h"

namespace shale::index {

/// A repository's name, of any depth (distribution-spec, "Pulling manifests",
/// `<name>`), at most 255 bytes. An instance always holds a valid one.
class RepositoryName {
 public:
  /// `kNameInvalid` with words for the client.
  static Result<RepositoryName> parse(std::string_view text);

  const std::string& str() const noexcept { return text_; }
  friend auto operator<=>(const RepositoryName&, const RepositoryName&) = default;

 private:
  explicit RepositoryName(std::string text) : text_(std::move(text)) {}
  std::string text_;
};

/// A tag: `[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}`. An instance always holds a valid one.
class Tag {
 public:
  /// `kTagInvalid` with words for the client.
  static Result<Tag> parse(std::string_view text);

  const std::string& str() const noexcept { return text_; }
  friend auto operator<=>(const Tag&, const Tag&) = default;

 private:
  explicit Tag(std::string text) : text_(std::move(text)) {}
  std::string text_;
};

/// How a manifest is asked for.
using Reference = std::variant<Tag, Digest>;

/// A colon makes it a digest, else it is a tag; errors as of those two.
Result<Reference> parse_reference(std::string_view text);

}  // namespace shale::index

#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace shale::cli {

/// What somebody writes for an image: `team/app`, `team/app:1.2` or `team/app@sha256:...`,
/// without the registry. Whether its parts are good is for the server to say.
struct ImageName {
  std::string repository;
  std::optional<std::string> tag;
  std::optional<std::string> digest;

  /// None when it has both, or a part that is empty.
  static std::optional<ImageName> parse(std::string_view text);
  /// The path of the repository in the API, with `end` behind it.
  std::string path(std::string_view end) const;
};

}  // namespace shale::cli

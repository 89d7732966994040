#include "server/cli/image_name.h"

#include "server/http/uri.h"

namespace shale::cli {

std::optional<ImageName> ImageName::parse(std::string_view text) {
  ImageName name;
  if (const auto at = text.find('@'); at != std::string_view::npos) {
    name.digest = std::string(text.substr(at + 1));
    text = text.substr(0, at);
  }
  const auto slash = text.rfind('/');
  const auto colon = text.find(':', slash == std::string_view::npos ? 0 : slash);
  if (colon != std::string_view::npos) {
    name.tag = std::string(text.substr(colon + 1));
    text = text.substr(0, colon);
  }
  name.repository = std::string(text);
  const bool empty =
      text.empty() || (name.tag && name.tag->empty()) || (name.digest && name.digest->empty());
  if (empty || (name.tag && name.digest)) return std::nullopt;
  return name;
}

std::string ImageName::path(std::string_view end) const {
  return http::encode_path("/api/v1/repositories/" + repository + std::string(end));
}

}  // namespace shale::cli

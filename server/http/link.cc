#include "server/http/link.h"

#include "server/http/uri.h"

namespace shale::http {

std::string next_page_link(
    std::string_view path,
    const std::vector<std::pair<std::string_view, std::string_view>>& parameters) {
  std::string link = "<" + encode_path(path);
  char separator = '?';
  for (const auto& [name, value] : parameters) {
    link += separator;
    link.append(encode_component(name)).append("=").append(encode_component(value));
    separator = '&';
  }
  return link.append(">; rel=\"next\"");
}

}  // namespace shale::http

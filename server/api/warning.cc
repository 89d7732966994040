#include "server/api/warning.h"

#include <string>

namespace shale::api {

void add_warning(http::Headers& headers, std::string_view text) {
  std::string value = "299 - \"";
  for (const char c : text) {
    if (c == '"' || c == '\\') value += '\\';
    value += c;
  }
  headers.add("Warning", value + '"');
}

}  // namespace shale::api

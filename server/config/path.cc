#include "server/config/path.h"

#include <algorithm>
#include <cctype>
#include <string>

#include <nlohmann/json.hpp>

namespace shale::config {

std::string_view fault_of_path(std::string_view path) {
  const auto control = [](unsigned char c) { return std::iscntrl(c) != 0; };
  if (std::ranges::any_of(path, control)) return "has a control character in it: write one without";

  using Json = nlohmann::json;
  const std::string printed = Json(path).dump(-1, ' ', false, Json::error_handler_t::ignore);
  if (Json::parse(printed) != Json(path)) return "is not UTF-8: write one that is";
  return {};
}

}  // namespace shale::config

#include "server/api/json_object.h"

#include <algorithm>

#include <nlohmann/json.hpp>

#include "server/api/json_text.h"

namespace shale::api {

using Json = nlohmann::ordered_json;

Result<Json> read_object(std::string_view text, std::initializer_list<std::string_view> members) {
  if (text.empty()) return Json::object();
  Json json = Json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (!json.is_object()) return invalid("the body is no JSON object");
  for (const auto& [name, value] : json.items()) {
    if (std::ranges::find(members, name) == members.end()) {
      return invalid("there is no member `" + name + '`');
    }
  }
  return json;
}

Result<bool> read_flag(const Json& json, const char* name) {
  const auto found = json.find(name);
  if (found == json.end()) return false;
  if (!found->is_boolean()) return invalid('`' + std::string(name) + "` must be true or false");
  return found->get<bool>();
}

Result<std::optional<std::string>> read_text(const Json& json, const char* name) {
  const auto found = json.find(name);
  if (found == json.end()) return std::optional<std::string>();
  if (!found->is_string()) return invalid('`' + std::string(name) + "` must be a string");
  return std::optional(found->get<std::string>());
}

}  // namespace shale::api

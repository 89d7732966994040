#include "auth/json_object.h"

#include <set>
#include <utility>

#include <nlohmann/json.hpp>

namespace shale::auth {
namespace {

using Json = nlohmann::json;

constexpr int kDeepest = 8;

}  // namespace

struct JsonObject::Node {
  Json json;
};

std::optional<JsonObject> JsonObject::parse(std::string_view text) {
  std::vector<std::set<std::string>> names;
  bool wrong = false;
  const auto watch = [&](int depth, Json::parse_event_t event, Json& parsed) {
    if (depth > kDeepest) wrong = true;
    if (event == Json::parse_event_t::object_start) names.emplace_back();
    if (event == Json::parse_event_t::object_end && !names.empty()) names.pop_back();
    if (event == Json::parse_event_t::key && !names.empty()) {
      wrong = !names.back().insert(parsed.get<std::string>()).second || wrong;
    }
    return true;
  };
  Json json = Json::parse(text, watch, /*allow_exceptions=*/false);
  if (wrong || !json.is_object()) return std::nullopt;
  return JsonObject(std::make_shared<const Node>(Node{std::move(json)}));
}

bool JsonObject::has(const char* name) const {
  return node_->json.contains(name);
}

std::optional<std::string> JsonObject::text(const char* name) const {
  const auto found = node_->json.find(name);
  if (found == node_->json.end() || !found->is_string()) return std::nullopt;
  return found->get<std::string>();
}

std::optional<std::int64_t> JsonObject::whole_number(const char* name) const {
  const auto found = node_->json.find(name);
  if (found == node_->json.end() || !found->is_number_integer()) return std::nullopt;
  return found->get<std::int64_t>();
}

std::optional<std::vector<std::string>> JsonObject::texts(const char* name) const {
  const auto found = node_->json.find(name);
  if (found == node_->json.end() || !found->is_array()) return std::nullopt;
  std::vector<std::string> texts;
  for (const Json& entry : *found) {
    if (!entry.is_string()) return std::nullopt;
    texts.push_back(entry.get<std::string>());
  }
  return texts;
}

std::optional<std::vector<JsonObject>> JsonObject::objects(const char* name) const {
  const auto found = node_->json.find(name);
  if (found == node_->json.end() || !found->is_array()) return std::nullopt;
  std::vector<JsonObject> objects;
  for (const Json& entry : *found) {
    if (!entry.is_object()) return std::nullopt;
    objects.push_back(JsonObject(std::make_shared<const Node>(Node{entry})));
  }
  return objects;
}

}  // namespace shale::auth

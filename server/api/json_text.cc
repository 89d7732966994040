#include "server/api/json_text.h"

#include <chrono>
#include <ctime>
#include <utility>

#include <nlohmann/json.hpp>

namespace shale::api {

std::string dump(const nlohmann::ordered_json& json) {
  return json.dump(-1, ' ', /*ensure_ascii=*/false,
                   nlohmann::ordered_json::error_handler_t::replace);
}

Error invalid(const std::string& words) {
  return {Errc::kInvalidArgument, words, {words}};
}

http::Response json_response(std::string json) {
  http::Response response;
  response.headers.add("Content-Type", "application/json");
  response.body.emplace_back(std::move(json));
  return response;
}

std::string format_time(auth::Time time) {
  const std::time_t seconds = std::chrono::system_clock::to_time_t(time);
  std::tm parts{};
  ::gmtime_r(&seconds, &parts);
  std::string text(sizeof("2023-11-14T22:13:20Z"), '\0');
  text.resize(std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%SZ", &parts));
  return text;
}

bool is_json(const http::Request& request) {
  const auto type = request.headers.find("Content-Type");
  return type && (*type == "application/json" || type->starts_with("application/json;"));
}

}  // namespace shale::api

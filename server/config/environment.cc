#include <algorithm>
#include <cstddef>

#include "server/config/assignment.h"

namespace shale::config {

namespace {

const Setting* find_by_variable(std::string_view name) {
  const auto all = settings();
  const auto found = std::ranges::find(all, name, &Setting::variable);
  return found == all.end() ? nullptr : &*found;
}

/// The key that a variable's name stands for, whether it exists or not.
std::string key_of(std::string_view variable) {
  std::string key(variable.substr(kVariablePrefix.size()));
  for (auto dot = key.find("__"); dot != std::string::npos; dot = key.find("__", dot))
    key.replace(dot, 2, ".");
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; };
  std::ranges::transform(key, key.begin(), lower);
  return key;
}

Problem unknown(std::string_view variable) {
  const Setting* meant = nearest_setting(key_of(variable));
  return {.where = std::string(variable),
          .key = {},
          .what = meant != nullptr ? "no such setting: did you mean " + meant->variable() + "?"
                                   : "no such setting: `shale serve --help` lists them all"};
}

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view kBlank = " \t\n";
  const std::size_t first = text.find_first_not_of(kBlank);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kBlank) - first + 1);
}

/// The parts between commas; none in an empty text.
std::vector<Text> split(std::string_view text, const std::string& where) {
  std::vector<Text> parts;
  if (trimmed(text).empty()) return parts;
  while (true) {
    const std::size_t comma = text.find(',');
    parts.push_back({std::string(trimmed(text.substr(0, comma))), where});
    if (comma == std::string_view::npos) return parts;
    text.remove_prefix(comma + 1);
  }
}

}  // namespace

Reading read_environment(const std::vector<std::string>& entries) {
  Reading reading;
  for (const std::string& entry : entries) {
    const std::size_t equals = entry.find('=');
    if (equals == std::string::npos) continue;
    const std::string name = entry.substr(0, equals);
    const std::string value = entry.substr(equals + 1);
    // Others with the prefix are not ours to judge: for a service that is called
    // shale, Kubernetes sets SHALE_SERVICE_HOST, SHALE_PORT and more.
    if (!name.starts_with(kVariablePrefix) || name.find("__") == std::string::npos) continue;

    const Setting* setting = find_by_variable(name);
    if (setting == nullptr) {
      reading.emplace_back(unknown(name));
      continue;
    }
    std::vector<Text> texts =
        setting->list ? split(value, name) : std::vector<Text>{{.value = value, .where = name}};
    reading.emplace_back(Assignment{setting, name, std::move(texts)});
  }
  return reading;
}

}  // namespace shale::config

#include "auth/scope.h"

#include <algorithm>
#include <cstddef>
#include <optional>
#include <utility>

namespace shale::auth {
namespace {

constexpr std::size_t kMostScopes = 32;
constexpr std::size_t kLongestName = 255;

std::vector<std::string> split(std::string_view text, std::string_view separators) {
  std::vector<std::string> parts;
  while (!text.empty()) {
    const auto end = std::min(text.find_first_of(separators), text.size());
    if (end > 0) parts.emplace_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return parts;
}

std::optional<Grant> parse_scope(std::string_view word) {
  const auto first = word.find(':');
  const auto last = word.rfind(':');
  if (first == std::string_view::npos || first == last) return std::nullopt;
  Grant grant{std::string(word.substr(0, first)),
              std::string(word.substr(first + 1, last - first - 1)),
              split(word.substr(last + 1), ",")};
  if (grant.type == "repository(plugin)") grant.type = "repository";
  const bool fine = !grant.name.empty() && grant.name.size() <= kLongestName &&
                    !grant.actions.empty() && grant.actions.size() <= 8;
  return fine ? std::optional(std::move(grant)) : std::nullopt;
}

}  // namespace

std::vector<Grant> parse_scopes(std::string_view text) {
  std::vector<Grant> scopes;
  for (const std::string& word : split(text, " +")) {
    if (scopes.size() == kMostScopes) break;
    if (auto scope = parse_scope(word)) scopes.push_back(*std::move(scope));
  }
  return scopes;
}

std::string format_scope(const Grant& grant) {
  std::string text = grant.type + ':' + grant.name + ':';
  for (std::size_t i = 0; i < grant.actions.size(); ++i)
    (text += i == 0 ? "" : ",") += grant.actions[i];
  return text;
}

std::string format_scopes(const std::vector<Grant>& access) {
  std::string text;
  for (const Grant& grant : access)
    (text += text.empty() ? "" : " ") += format_scope(grant);
  return text;
}

bool grants(const std::vector<Grant>& access, std::string_view type, std::string_view name,
            std::string_view action) {
  return std::ranges::any_of(access, [&](const Grant& grant) {
    return grant.type == type && grant.name == name &&
           std::ranges::any_of(grant.actions, [&](const std::string& granted) {
             return granted == action || granted == "*";
           });
  });
}

}  // namespace shale::auth

#include "auth/repository_pattern.h"

#include <algorithm>

namespace shale::auth {
namespace {

/// Splits off the first part of a path.
std::string_view pop_part(std::string_view& path) {
  const auto slash = path.find('/');
  const std::string_view part = path.substr(0, slash);
  path.remove_prefix(slash == std::string_view::npos ? path.size() : slash + 1);
  return part;
}

/// Within one part. Goes back to the last star only, so its time is bounded by the
/// product of the lengths.
bool part_matches(std::string_view pattern, std::string_view part) {
  std::size_t at = 0;
  std::size_t star = std::string_view::npos;
  std::size_t resume = 0;
  std::size_t i = 0;
  while (i < part.size()) {
    if (at < pattern.size() && pattern[at] == '*') {
      star = at++;
      resume = i;
    } else if (at < pattern.size() && pattern[at] == part[i]) {
      ++at;
      ++i;
    } else if (star != std::string_view::npos) {
      at = star + 1;
      i = ++resume;
    } else {
      return false;
    }
  }
  return pattern.substr(at).find_first_not_of('*') == std::string_view::npos;
}

/// As `part_matches`, with `**` for a star and parts for characters.
bool path_matches(std::string_view pattern, std::string_view path) {
  std::string_view after_star;
  std::string_view resume;
  bool starred = false;
  while (!path.empty()) {
    std::string_view pattern_rest = pattern;
    std::string_view path_rest = path;
    const std::string_view wanted = pop_part(pattern_rest);
    const std::string_view part = pop_part(path_rest);
    if (!pattern.empty() && wanted == "**") {
      starred = true;
      after_star = pattern_rest;
      resume = path_rest;
      pattern = pattern_rest;
      path = path_rest;
    } else if (!pattern.empty() && part_matches(wanted, part)) {
      pattern = pattern_rest;
      path = path_rest;
    } else if (starred && !resume.empty()) {
      pop_part(resume);
      pattern = after_star;
      path = resume;
    } else {
      return false;
    }
  }
  return pattern.empty();
}

bool is_name_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '_' || c == '-';
}

}  // namespace

std::optional<RepositoryPattern> RepositoryPattern::parse(std::string_view text) {
  if (text.empty() || text.ends_with('/')) return std::nullopt;
  for (std::string_view rest = text; !rest.empty();) {
    const std::string_view part = pop_part(rest);
    const bool fine =
        std::ranges::all_of(part, [](char c) { return is_name_character(c) || c == '*'; });
    if (part.empty() || !fine) return std::nullopt;
    if (part != "**" && part.find("**") != std::string_view::npos) return std::nullopt;
  }
  return RepositoryPattern(std::string(text));
}

bool RepositoryPattern::matches(std::string_view repository) const {
  return !repository.empty() && path_matches(text_, repository);
}

bool RepositoryPattern::covers(const RepositoryPattern& other) const {
  if (text_ == "**" || text_ == other.text_) return true;
  if (other.text_.find('*') == std::string::npos) return matches(other.text_);
  if (!text_.ends_with("/**")) return false;
  const std::string_view below = std::string_view(text_).substr(0, text_.size() - 2);
  return below.find('*') == std::string_view::npos && other.text_.starts_with(below);
}

bool RepositoryPattern::may_meet(const RepositoryPattern& other) const {
  // What stands before the first star is there in every name that matches.
  const std::string_view mine = std::string_view(text_).substr(0, text_.find('*'));
  const std::string_view theirs = std::string_view(other.text_).substr(0, other.text_.find('*'));
  return mine.starts_with(theirs) || theirs.starts_with(mine);
}

}  // namespace shale::auth

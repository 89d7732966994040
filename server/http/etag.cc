#include "server/http/etag.h"

#include <algorithm>
#include <cstddef>
#include <vector>

#include "server/http/grammar.h"

namespace shale::http {
namespace {

struct EntityTag {
  std::string_view opaque;
  bool weak = false;
};

struct TagList {
  bool any = false;  ///< "*"
  std::vector<EntityTag> tags;
};

/// Takes one entity tag off the front. The opaque part may hold commas and has
/// no escapes.
std::optional<EntityTag> take_tag(std::string_view& rest) {
  EntityTag tag;
  if (rest.substr(0, 2) == "W/") {
    tag.weak = true;
    rest.remove_prefix(2);
  }
  if (rest.substr(0, 1) != "\"") return std::nullopt;
  const std::size_t close = rest.find('"', 1);
  if (close == std::string_view::npos) return std::nullopt;
  tag.opaque = rest.substr(1, close - 1);
  if (tag.opaque.find_first_of(" \t") != std::string_view::npos) return std::nullopt;
  rest.remove_prefix(close + 1);
  return tag;
}

/// Adds one field line to `list`. False when it is malformed.
bool add_line(std::string_view line, TagList& list) {
  line = trim(line);
  if (line == "*") {
    list.any = true;
    return true;
  }
  while (!line.empty()) {
    if (line.front() != ',') {
      const auto tag = take_tag(line);
      if (!tag) return false;
      list.tags.push_back(*tag);
      line = trim(line);
      if (line.empty()) break;
      if (line.front() != ',') return false;
    }
    line = trim(line.substr(1));
  }
  return true;
}

/// None when any line is malformed.
std::optional<TagList> parse_tags(const std::vector<std::string_view>& lines) {
  TagList list;
  for (const std::string_view line : lines) {
    if (!add_line(line, list)) return std::nullopt;
  }
  return list;
}

}  // namespace

std::string quoted_etag(std::string_view tag) {
  std::string quoted;
  quoted.reserve(tag.size() + 2);
  return quoted.append("\"").append(tag).append("\"");
}

bool if_none_match_passes(const Headers& headers, std::optional<std::string_view> current) {
  const auto lines = headers.find_all("If-None-Match");
  if (lines.empty() || !current) return true;
  if (std::ranges::find(lines, *current) != lines.end()) return false;
  const auto list = parse_tags(lines);
  if (!list) return true;
  return !list->any && std::ranges::none_of(list->tags, [&](const EntityTag& tag) {
    return tag.opaque == *current;
  });
}

TagField read_tag_field(const Headers& headers, std::string_view name) {
  TagField field;
  for (const std::string_view line : headers.find_all(name)) {
    field.there = true;
    TagList list;
    const std::string_view bare = trim(line);
    if (!bare.empty() && bare != "*" && bare.find_first_of("\", \t") == std::string_view::npos) {
      field.tags.emplace_back(bare);
      continue;
    }
    if (!add_line(line, list) || (!list.any && list.tags.empty())) field.malformed = true;
    field.any = field.any || list.any;
    for (const EntityTag& tag : list.tags) {
      if (!tag.weak) field.tags.emplace_back(tag.opaque);
    }
  }
  return field;
}

bool if_range_passes(const Headers& headers, std::string_view current) {
  const auto lines = headers.find_all("If-Range");
  if (lines.empty()) return true;
  std::string_view rest = lines.front();
  const auto tag = take_tag(rest);
  return lines.size() == 1 && tag && rest.empty() && !tag->weak && tag->opaque == current;
}

}  // namespace shale::http

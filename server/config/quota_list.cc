#include "server/config/quota_list.h"

#include <map>
#include <set>
#include <utility>

#include <yaml-cpp/yaml.h>

#include "server/config/quota.h"
#include "server/config/text.h"
#include "server/config/units.h"

namespace shale::config {
namespace {

/// Whether repositories can be in a namespace of that name: words of small letters, digits
/// and single signs between them, with slashes between the words.
bool is_namespace(const std::string& text) {
  constexpr std::size_t kLongest = 255;
  const auto is_word = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); };
  if (text.empty() || text.size() > kLongest) return false;
  if (!is_word(text.front()) || !is_word(text.back())) return false;
  for (std::size_t at = 1; at < text.size(); ++at) {
    if (is_word(text[at])) continue;
    const char before = text[at - 1];
    const bool doubled = (text[at] == '-' && before == '-') || (text[at] == '_' && before == '_');
    if (std::string_view("/.-_").find(text[at]) == std::string_view::npos) return false;
    if (!is_word(before) && !doubled) return false;
  }
  return true;
}

class QuotaReader {
 public:
  QuotaReader(const std::string& path, Reading& reading) : path_(path), reading_(reading) {}

  void read(const YAML::Node& list) {
    if (list.IsNull()) return;
    if (!list.IsSequence()) {
      note(list, "write a list, each item beginning with `- namespace:`");
      return;
    }
    QuotaList all{{}, at(list)};
    for (const YAML::Node& entry : list)
      read_entry(entry, all.quotas);
    reading_.emplace_back(std::move(all));
  }

 private:
  void read_entry(const YAML::Node& entry, std::vector<Quota>& quotas) {
    if (!entry.IsMap()) {
      note(entry, "a quota is `namespace:` with `bytes:`, `tags:` or both");
      return;
    }
    Quota quota;
    bool sound = true;
    std::set<std::string> seen;
    for (const auto& line : entry) {
      const std::string key = line.first.IsScalar() ? line.first.Scalar() : std::string();
      if (!seen.insert(key).second) {
        note(line.first, quoted(key) + " is already in this quota: remove one of the two");
        sound = false;
        continue;
      }
      sound = read_line(key, line.first, line.second, quota) && sound;
    }
    if (!sound) return;
    if (quota.name_space.empty() || (!quota.bytes && !quota.tags)) {
      note(entry, "a quota needs `namespace:`, and `bytes:`, `tags:` or both");
      return;
    }
    const auto [before, first] = lines_.emplace(quota.name_space, entry.Mark().line + 1);
    if (!first) {
      note(entry, "the namespace " + quoted(quota.name_space) + " has a quota in line " +
                      std::to_string(before->second) + " already: merge the two");
      return;
    }
    quotas.push_back(std::move(quota));
  }

  /// Whether it could be read.
  bool read_line(const std::string& key, const YAML::Node& name, const YAML::Node& value,
                 Quota& quota) {
    const std::string text = value.IsScalar() ? value.Scalar() : std::string();
    const YAML::Node& place = value.IsNull() ? name : value;
    if (key == "namespace") {
      quota.name_space = text;
      if (is_namespace(text)) return true;
      note(place, quoted(text) +
                      " is no namespace: write the beginning of repository names up "
                      "to a slash, such as team-a or team-a/prod");
    } else if (key == "bytes") {
      const auto parsed = parse_size(text);
      if (const auto* bytes = std::get_if<std::uint64_t>(&parsed)) {
        quota.bytes = *bytes;
        return true;
      }
      note(place, "bytes: " + std::get<Wrong>(parsed).why);
    } else if (key == "tags") {
      quota.tags = parse_number<std::uint64_t>(text);
      if (quota.tags) return true;
      note(place, "tags: " + quoted(text) + " is no whole number");
    } else {
      note(name, quoted(key) + " is not known in a quota: write namespace, bytes and tags");
    }
    return false;
  }

  void note(const YAML::Node& node, std::string what) {
    reading_.emplace_back(Problem{at(node), "quotas", std::move(what)});
  }

  std::string at(const YAML::Node& node) const {
    const YAML::Mark mark = node.Mark();
    if (mark.is_null()) return path_;
    return path_ + ':' + std::to_string(mark.line + 1) + ':' + std::to_string(mark.column + 1);
  }

  const std::string& path_;
  Reading& reading_;
  std::map<std::string, int> lines_;  ///< of each namespace
};

}  // namespace

void read_quotas(const YAML::Node& list, const std::string& path, Reading& reading) {
  QuotaReader(path, reading).read(list);
}

}  // namespace shale::config

#include "server/config/print.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <variant>
#include <vector>

#include <nlohmann/json.hpp>

#include "server/config/rules_yaml.h"
#include "server/config/settings.h"
#include "server/config/units.h"

namespace shale::config {

namespace {

using Json = nlohmann::ordered_json;

/// As JSON, which is also how YAML quotes. Bytes that are not UTF-8 have no form there.
std::string quote(const std::string& text) {
  return Json(text).dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::string yaml_scalar(const Setting& setting, const std::string& text) {
  return setting.kind == Kind::kText ? quote(text) : text;
}

std::string yaml_value(const Setting& setting, const Config& config) {
  const std::vector<std::string> texts = setting.texts(config);
  if (!setting.list) return yaml_scalar(setting, texts.front());
  std::string value = "[";
  for (const std::string& text : texts) {
    if (value.size() > 1) value += ", ";
    value += yaml_scalar(setting, text);
  }
  return value + ']';
}

Json json_scalar(const Setting& setting, const std::string& text) {
  switch (setting.kind) {
    case Kind::kBool:
      return text == "true";
    case Kind::kNumber:
      return std::stoull(text);
    case Kind::kSize:
      return std::get<std::uint64_t>(parse_size(text));
    case Kind::kText:
    case Kind::kWord:
    case Kind::kDuration:
      break;
  }
  return text;
}

Json json_value(const Setting& setting, const Config& config) {
  const std::vector<std::string> texts = setting.texts(config);
  if (!setting.list) return json_scalar(setting, texts.front());
  Json items = Json::array();
  for (const std::string& text : texts)
    items.push_back(json_scalar(setting, text));
  return items;
}

Json json_words(const std::vector<RuleWord>& words) {
  Json list = Json::array();
  for (const RuleWord& word : words)
    list.push_back(word.text);
  return list;
}

Json json_retention(const RetentionRule& rule) {
  Json json;
  if (rule.keep_last) json["keep_last"] = *rule.keep_last;
  if (rule.keep_pulled_within) {
    json["keep_pulled_within"] = format_duration(*rule.keep_pulled_within);
  }
  if (rule.keep_tags) json["keep_tags"] = json_words(*rule.keep_tags);
  if (rule.keep_semver) json["keep_semver"] = true;
  if (rule.keep_nothing) json["keep_nothing"] = true;
  if (rule.untagged_older_than) {
    json["untagged_older_than"] = format_duration(*rule.untagged_older_than);
  }
  json["every"] = format_duration(rule.every);
  return json;
}

Json json_rules(const std::vector<Rule>& rules) {
  Json list = Json::array();
  for (const Rule& rule : rules) {
    Json& json = list.emplace_back(Json{{"repositories", json_words(rule.repositories)}});
    if (rule.immutable_tags) json["immutable_tags"] = json_words(*rule.immutable_tags);
    if (rule.retention) json["retention"] = json_retention(*rule.retention);
    if (rule.history) json["history"] = format_duration(*rule.history);
    if (rule.untagged_after) json["untagged_after"] = format_duration(*rule.untagged_after);
  }
  return list;
}

/// Calls `begin_section` with each section's name before the settings in it, and
/// `begin_group` likewise.
template <class BeginSection, class BeginGroup, class Each>
void walk(BeginSection begin_section, BeginGroup begin_group, Each each) {
  std::string_view section;
  std::string_view group;
  for (const Setting& setting : settings()) {
    if (setting.section() != section) begin_section(section = setting.section());
    if (setting.group() != group) {
      group = setting.group();
      if (!group.empty()) begin_group(group);
    }
    each(setting);
  }
}

/// One quota as YAML in a line.
std::string quota_line(const Quota& quota) {
  std::string line = "{namespace: " + quota.name_space;
  if (quota.bytes) line += ", bytes: " + format_size(*quota.bytes);
  if (quota.tags) line += ", tags: " + std::to_string(*quota.tags);
  return line + '}';
}

Json quota_json(const Quota& quota) {
  Json json{{"namespace", quota.name_space}};
  if (quota.bytes) json["bytes"] = *quota.bytes;
  if (quota.tags) json["tags"] = *quota.tags;
  return json;
}

std::string margin_of(const Setting& setting) {
  return setting.group().empty() ? "  " : "    ";
}

std::string group_line(std::string_view group) {
  return "  " + std::string(group) + ":\n";
}

/// `text` in lines of at most 100 characters, each with `margin` before it.
std::string wrapped(std::string_view margin, std::string_view text) {
  constexpr std::size_t kWidth = 100;
  std::string lines;
  while (!text.empty()) {
    std::size_t length = text.size();
    if (margin.size() + length > kWidth) length = text.rfind(' ', kWidth - margin.size());
    lines += margin;
    lines += text.substr(0, length);
    lines += '\n';
    text.remove_prefix(std::min(length + 1, text.size()));
  }
  return lines;
}

std::string heading(std::string section) {
  section.front() = static_cast<char>(section.front() - 'a' + 'A');
  return '\n' + section + ":\n";
}

}  // namespace

std::string to_yaml(const Config& config) {
  std::string yaml;
  walk([&](std::string_view section) { yaml += std::string(section) + ":\n"; },
       [&](std::string_view group) { yaml += group_line(group); },
       [&](const Setting& setting) {
         yaml += margin_of(setting) + std::string(setting.name()) + ": " +
                 yaml_value(setting, config) + '\n';
       });
  if (!config.quotas.empty()) yaml += "quotas:\n";
  for (const Quota& quota : config.quotas)
    yaml += "  - " + quota_line(quota) + '\n';
  return yaml + rules_to_yaml(config.rules);
}

std::string to_json(const Config& config) {
  Json json;
  for (const Setting& setting : settings()) {
    Json& section = json[std::string(setting.section())];
    Json& place = setting.group().empty() ? section : section[std::string(setting.group())];
    place[std::string(setting.name())] = json_value(setting, config);
  }
  for (const Quota& quota : config.quotas)
    json["quotas"].push_back(quota_json(quota));
  if (!config.rules.empty()) json["rules"] = json_rules(config.rules);
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + '\n';
}

std::string to_table(const Loaded& loaded) {
  struct Row {
    std::string key, value, origin;
  };
  std::vector<Row> rows{{"SETTING", "VALUE", "FROM"}};
  for (const Setting& setting : settings()) {
    const auto origin = loaded.origins.find(setting.key);
    rows.push_back({std::string(setting.key), yaml_value(setting, loaded.config),
                    origin == loaded.origins.end() ? "default" : origin->second});
  }
  for (const Quota& quota : loaded.config.quotas)
    rows.push_back({"quotas", quota_line(quota), loaded.origins.at("quotas")});

  for (const Rule& rule : loaded.config.rules) {
    std::string patterns;
    for (const RuleWord& word : rule.repositories)
      patterns += (patterns.empty() ? "" : " ") + word.text;
    rows.push_back({"rules", patterns, rule.where});
  }

  std::size_t key_width = 0;
  std::size_t value_width = 0;
  for (const Row& row : rows) {
    key_width = std::max(key_width, row.key.size());
    value_width = std::max(value_width, row.value.size());
  }
  std::string table;
  for (Row& row : rows) {
    row.key.resize(key_width + 2, ' ');
    row.value.resize(value_width + 2, ' ');
    table += row.key + row.value + row.origin + '\n';
  }
  return table;
}

std::string reference() {
  std::string text =
      "# The settings of Shale: what each means, what it takes, and its default. Copy what you\n"
      "# change. Printed by `shale check-config --reference`.\n"
      "#\n"
      "# Each can be set in three ways, and the later one wins: in this file, as a variable of "
      "the\n"
      "# environment (SHALE_SERVER__WORKERS=4; lists with commas) and as a flag (--server.workers "
      "4;\n"
      "# lists by repeating it). `shale check-config --config FILE` checks a file and shows what "
      "is\n"
      "# in force.\n"
      "#\n"
      "# Sizes are bytes, or whole numbers with KiB, MiB, GiB or TiB. Durations are whole numbers\n"
      "# with ms, s, m, h or d. What is marked with `(live)` is taken over by `shale reload` and "
      "SIGHUP;\n"
      "# all else needs a restart.\n";
  const Config defaults;
  walk([&](std::string_view section) { text += '\n' + std::string(section) + ":\n"; },
       [&](std::string_view group) { text += group_line(group); },
       [&](const Setting& setting) {
         const std::string margin = margin_of(setting);
         text += wrapped(margin + "# ", setting.doc);
         text += wrapped(margin + "# ",
                         "Takes: " + setting.form + '.' + (setting.live ? " (live)" : ""));
         text += margin + '#' + std::string(setting.name()) + ": " + yaml_value(setting, defaults) +
                 '\n';
       });
  return text + '\n' + reference_of_lists();
}

std::string reference_of_lists() {
  const std::string quotas =
      "# The most that the repositories of a namespace may hold together: team-a is the\n"
      "# repository team-a and all that begin with team-a/. Bytes count each blob and manifest "
      "once\n"
      "# for each repository that has it. One of `bytes` and `tags` may be left out. A push "
      "beyond\n"
      "# is refused, before its bytes are sent where their number is known. In this file alone.\n"
      "# (live)\n"
      "#quotas:\n"
      "#  - {namespace: team-a, bytes: 100GiB, tags: 5000}\n"
      "#  - {namespace: team-a/nightly, bytes: 20GiB}\n";
  return quotas + rules_reference();
}

std::string flag_help() {
  std::string text =
      "Each setting is also a key of the file and a variable of the environment: --server.workers "
      "4\n"
      "is `workers: 4` below `server:`, and SHALE_SERVER__WORKERS=4. Flags override variables, "
      "and\n"
      "variables the file. Flags of lists can be repeated.\n";
  walk([&](std::string_view section) { text += heading(std::string(section)); },
       [](std::string_view) {},
       [&](const Setting& setting) {
         text += "  --" + std::string(setting.key);
         if (!setting.flag.empty()) text += ", --" + std::string(setting.flag);
         text += '\n' + wrapped("      ", setting.doc);
         text += wrapped("      ",
                         "Takes: " + setting.form + ". Default: " + default_text(setting) + '.');
       });
  return text;
}

std::string default_text(const Setting& setting) {
  std::string text;
  for (const std::string& item : setting.texts(Config{})) {
    if (!text.empty()) text += ", ";
    text += item;
  }
  return text.empty() ? "empty" : text;
}

}  // namespace shale::config

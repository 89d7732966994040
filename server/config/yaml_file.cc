#include <cstddef>
#include <optional>
#include <set>
#include <utility>
#include <variant>

#include <yaml-cpp/yaml.h>

#include "server/config/assignment.h"
#include "server/config/quota_list.h"
#include "server/config/rules_yaml.h"
#include "server/config/text.h"
#include "server/config/yaml_text.h"

namespace shale::config {

namespace {

/// Reads sections, groups in them and settings, and notes everything else that is there.
class Reader {
 public:
  explicit Reader(const std::string& path) : path_(path) {}

  Reading read(const std::string& text) {
    try {
      if (const auto stuck = find_stuck(text)) {
        note(path_ + ':' + std::to_string(stuck->line) + ':' + std::to_string(stuck->column), {},
             "this is not YAML: nothing can begin with what stands here");
      } else {
        read_documents(YAML::LoadAll(text));
      }
    } catch (const YAML::Exception& broken) {
      note(at(broken.mark), {}, "this is not YAML: " + broken.msg);
    }
    return std::move(reading_);
  }

 private:
  void read_documents(const std::vector<YAML::Node>& documents) {
    if (documents.size() > 1) {
      note(at(documents[1].Mark()), {}, "a second document begins here: write one only");
    } else if (!documents.empty()) {
      read_root(documents.front());
    }
  }

  void read_root(const YAML::Node& root) {
    if (root.IsNull()) return;
    if (!root.IsMap()) {
      note(at(root.Mark()), {}, "expected sections such as `server:`, found " + shape(root));
      return;
    }
    std::set<std::string> seen;
    for (const auto& entry : root) {
      const std::string name = key_text(entry.first);
      if (!seen.insert(name).second) {
        note(at(entry.first.Mark()), name, "this section is already above: merge the two");
      } else if (name == "quotas") {
        read_quotas(entry.second, path_, reading_);
      } else if (name == "rules") {
        RulesRead read = read_rules(entry.second, path_);
        for (Problem& problem : read.problems)
          reading_.emplace_back(std::move(problem));
        reading_.emplace_back(std::move(read.rules));
      } else if (!is_section(name)) {
        note_unknown(entry.first.Mark(), name);
      } else {
        read_section(name, entry.second);
      }
    }
  }

  /// A section, or a group in one. Without anything in it, it is fine: all its lines may be
  /// commented out.
  void read_section(const std::string& section, const YAML::Node& node) {
    if (node.IsNull()) return;
    if (!node.IsMap()) {
      note(at(node.Mark()), section,
           "this is a section: write its settings below it, indented, not " + shape(node));
      return;
    }
    std::set<std::string> seen;
    for (const auto& entry : node) {
      const std::string key = section + '.' + key_text(entry.first);
      const Setting* setting = find_setting(key);
      const bool group = is_group(key);
      if (setting == nullptr && !group) {
        note_unknown(entry.first.Mark(), key);
      } else if (!seen.insert(key).second) {
        note(at(entry.first.Mark()), key, "this setting is already above: remove one of the two");
      } else if (group) {
        read_section(key, entry.second);
      } else {
        read_setting(*setting, entry.first, entry.second);
      }
    }
  }

  void read_setting(const Setting& setting, const YAML::Node& key, const YAML::Node& value) {
    // The parser gives the place behind a value that is not there.
    const std::string where = at(value.IsNull() ? key.Mark() : value.Mark());
    Assignment assignment{&setting, where, {}};
    if (value.IsScalar()) {
      assignment.texts.push_back({value.Scalar(), where});
    } else if (value.IsSequence() && setting.list) {
      for (const YAML::Node& item : value) {
        if (!item.IsScalar()) {
          note(item.IsNull() ? where : at(item.Mark()), std::string(setting.key),
               "expected a list of " + setting.form + ", found " + shape(item) + " in it");
          return;
        }
        assignment.texts.push_back({item.Scalar(), at(item.Mark())});
      }
    } else {
      note(where, std::string(setting.key), "expected " + setting.form + ", found " + shape(value));
      return;
    }
    reading_.emplace_back(std::move(assignment));
  }

  void note_unknown(const YAML::Mark& mark, const std::string& key) {
    const Setting* meant = nearest_setting(key);
    std::string what = "no such setting: ";
    if (meant == nullptr) {
      what += "`shale check-config --reference` lists them all";
    } else if (meant->key == key) {
      what += "write `" + std::string(meant->section()) + ":` and below it, indented, `" +
              (meant->group().empty() ? "" : std::string(meant->group()) + ":` and `") +
              std::string(meant->name()) + ":`";
    } else {
      what += "did you mean " + std::string(meant->key) + "?";
    }
    note(at(mark), key, std::move(what));
  }

  void note(std::string where, std::string key, std::string what) {
    reading_.emplace_back(Problem{std::move(where), std::move(key), std::move(what)});
  }

  std::string at(const YAML::Mark& mark) const {
    if (mark.is_null()) return path_;
    return path_ + ':' + std::to_string(mark.line + 1) + ':' + std::to_string(mark.column + 1);
  }

  static bool is_section(std::string_view name) {
    for (const Setting& setting : settings()) {
      if (setting.section() == name) return true;
    }
    return false;
  }

  /// Whether settings have keys that go on from this one.
  static bool is_group(const std::string& key) {
    for (const Setting& setting : settings()) {
      if (!setting.group().empty() && setting.key.starts_with(key + '.')) return true;
    }
    return false;
  }

  static std::string key_text(const YAML::Node& key) {
    return key.IsScalar() ? key.Scalar() : shape(key);
  }

  static std::string shape(const YAML::Node& node) {
    if (node.IsMap()) return "a map";
    if (node.IsSequence()) return "a list";
    if (node.IsScalar()) return quoted(node.Scalar());
    return "nothing";
  }

  const std::string& path_;
  Reading reading_;
};

}  // namespace

Reading read_file(const std::string& path) {
  auto text = read_text(path);
  if (auto* problem = std::get_if<Problem>(&text)) return {std::move(*problem)};
  return Reader(path).read(std::get<std::string>(text));
}

}  // namespace shale::config

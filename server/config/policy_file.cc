#include "server/config/policy_file.h"

#include <set>
#include <string_view>
#include <utility>

#include <yaml-cpp/yaml.h>

#include "server/config/text.h"
#include "server/config/yaml_text.h"

namespace shale::config {

namespace {

using Words = std::vector<PolicyFile::Word>;

std::string key_of(const YAML::Node& node) {
  return node.IsScalar() ? node.Scalar() : std::string();
}

std::size_t line_of(const YAML::Node& node) {
  return static_cast<std::size_t>(node.Mark().line) + 1;
}

class PolicyReader {
 public:
  explicit PolicyReader(const std::string& path) : path_(path) {}

  std::variant<PolicyFile, std::vector<Problem>> read(const std::string& text) {
    try {
      if (const auto stuck = find_stuck(text)) {
        note(stuck->line, stuck->column, "this is not YAML: nothing can begin with what is here");
      } else {
        read_documents(YAML::LoadAll(text));
      }
    } catch (const YAML::Exception& broken) {
      note(broken.mark, "this is not YAML: " + broken.msg);
    }
    if (!problems_.empty()) return std::move(problems_);
    return std::move(file_);
  }

 private:
  void read_documents(const std::vector<YAML::Node>& documents) {
    if (documents.size() != 1 || !documents.front().IsMap()) {
      note(YAML::Mark::null_mark(), "write `rules:` and, if need be, `groups:`, in one document");
      return;
    }
    std::set<std::string> seen;
    for (const auto& entry : documents.front()) {
      const std::string key = key_of(entry.first);
      if (!seen.insert(key).second) {
        note(entry.first.Mark(), quoted(key) + " is already above: merge the two");
      } else if (key == "groups") {
        read_groups(entry.second);
      } else if (key == "rules") {
        read_rules(entry.second);
      } else {
        note(entry.first.Mark(), quoted(key) + " is not known here: write groups or rules");
      }
    }
    if (!seen.contains("rules")) note(documents.front().Mark(), "there are no `rules:`");
  }

  void read_groups(const YAML::Node& groups) {
    if (groups.IsNull()) return;
    if (!groups.IsMap()) {
      note(groups.Mark(), "groups: write lines such as `team-a: [alice, bob]`");
      return;
    }
    std::set<std::string> seen;
    for (const auto& entry : groups) {
      const std::string name = key_of(entry.first);
      if (!seen.insert(name).second) {
        note(entry.first.Mark(), "the group " + quoted(name) + " is already above");
        continue;
      }
      file_.groups.push_back({{name, line_of(entry.first)}, read_words(entry.second, "members")});
    }
  }

  void read_rules(const YAML::Node& rules) {
    if (rules.IsNull()) return;
    if (!rules.IsSequence()) {
      note(rules.Mark(), "rules: write a list, each item beginning with `- allow:` or `- deny:`");
      return;
    }
    for (const YAML::Node& rule : rules)
      read_rule(rule);
  }

  void read_rule(const YAML::Node& node) {
    if (!node.IsMap()) {
      note(node.Mark(), "a rule is `allow:` or `deny:`, `subjects:` and `repositories:`");
      return;
    }
    PolicyFile::Rule rule;
    rule.line = line_of(node);
    std::set<std::string> seen;
    for (const auto& entry : node) {
      const std::string key = key_of(entry.first);
      if (!seen.insert(key).second) {
        note(entry.first.Mark(), quoted(key) + " is already in this rule");
      } else if (key == "allow" || key == "deny") {
        rule.allow = key == "allow";
        rule.actions = read_words(entry.second, "actions");
      } else if (key == "subjects") {
        rule.subjects = read_words(entry.second, "subjects");
      } else if (key == "repositories") {
        rule.repositories = read_words(entry.second, "repositories");
      } else {
        note(entry.first.Mark(), quoted(key) + " is not known in a rule: write allow or deny, " +
                                     "subjects and repositories");
      }
    }
    check_keys(node, seen);
    file_.rules.push_back(std::move(rule));
  }

  void check_keys(const YAML::Node& node, const std::set<std::string>& seen) {
    if (seen.contains("allow") == seen.contains("deny")) {
      note(node.Mark(), "a rule has either `allow:` or `deny:`, with a list of actions");
    }
    for (const char* key : {"subjects", "repositories"}) {
      if (!seen.contains(key)) note(node.Mark(), "this rule has no `" + std::string(key) + ":`");
    }
  }

  /// A list, or one word without the list.
  Words read_words(const YAML::Node& node, std::string_view what) {
    Words words;
    if (node.IsScalar()) return {{node.Scalar(), line_of(node)}};
    if (!node.IsSequence()) {
      note(node.Mark(), "expected a list of " + std::string(what));
      return words;
    }
    for (const YAML::Node& item : node) {
      if (item.IsScalar()) {
        words.push_back({item.Scalar(), line_of(item)});
      } else {
        note(item.IsNull() ? node.Mark() : item.Mark(),
             "expected " + std::string(what) + " in this list, and nothing else");
      }
    }
    return words;
  }

  void note(const YAML::Mark& mark, std::string what) {
    if (mark.is_null()) {
      problems_.push_back({path_, {}, std::move(what)});
    } else {
      note(static_cast<std::size_t>(mark.line) + 1, static_cast<std::size_t>(mark.column) + 1,
           std::move(what));
    }
  }

  void note(std::size_t line, std::size_t column, std::string what) {
    problems_.push_back(
        {path_ + ':' + std::to_string(line) + ':' + std::to_string(column), {}, std::move(what)});
  }

  const std::string& path_;
  PolicyFile file_;
  std::vector<Problem> problems_;
};

}  // namespace

std::variant<PolicyFile, std::vector<Problem>> parse_policy(const std::string& text,
                                                            const std::string& path) {
  return PolicyReader(path).read(text);
}

std::variant<PolicyFile, std::vector<Problem>> read_policy_file(const std::string& path) {
  auto text = read_text(path);
  if (auto* problem = std::get_if<Problem>(&text)) return std::vector{std::move(*problem)};
  return parse_policy(std::get<std::string>(text), path);
}

}  // namespace shale::config

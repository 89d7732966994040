#include "server/config/load.h"

#include <algorithm>
#include <functional>
#include <set>
#include <string_view>
#include <utility>

#include "server/config/assignment.h"
#include "server/config/check.h"

namespace shale::config {

namespace {

/// The configuration while one source after the other is laid over it.
struct Draft {
  Loaded loaded;
  std::vector<Problem> problems;
  std::set<std::string, std::less<>>
      refused;  ///< settings that still have a value that nobody meant

  void lay_over(const Reading& reading) {
    for (const auto& statement : reading) {
      if (const auto* problem = std::get_if<Problem>(&statement)) {
        refused.insert(problem->key);
        problems.push_back(*problem);
      } else if (const auto* list = std::get_if<QuotaList>(&statement)) {
        loaded.config.quotas = list->quotas;
        loaded.origins.insert_or_assign("quotas", list->where);
      } else if (const auto* rules = std::get_if<std::vector<Rule>>(&statement)) {
        loaded.config.rules = *rules;
      } else {
        assign(std::get<Assignment>(statement));
      }
    }
  }

  /// Only conflicts between values that somebody meant: others would mislead.
  void check() {
    for (const Conflict& conflict : conflicts(loaded.config)) {
      const auto is_refused = [&](std::string_view key) { return refused.contains(key); };
      if (std::ranges::any_of(conflict.keys, is_refused)) continue;
      problems.push_back({origin_of(conflict), std::string(conflict.keys.front()), conflict.what});
    }
  }

 private:
  void assign(const Assignment& assignment) {
    const Setting& setting = *assignment.setting;
    std::vector<std::string> texts;
    texts.reserve(assignment.texts.size());
    for (const Text& text : assignment.texts)
      texts.push_back(text.value);

    const auto complaints = setting.assign(loaded.config, texts);
    for (const Complaint& complaint : complaints) {
      const std::string& where = assignment.texts.at(complaint.item).where;
      problems.push_back({where, std::string(setting.key), complaint.why});
    }
    if (complaints.empty()) {
      loaded.origins.insert_or_assign(std::string(setting.key), assignment.where);
    } else {
      refused.emplace(setting.key);
    }
  }

  /// Where the first of the settings stands that somebody wrote down.
  std::string origin_of(const Conflict& conflict) const {
    for (const std::string_view key : conflict.keys) {
      if (const auto found = loaded.origins.find(key); found != loaded.origins.end()) {
        return found->second;
      }
    }
    return "default";
  }
};

/// Keys, values and paths are repeated to the operator, whatever is in them:
/// control characters are shown as escapes, so that none ends a line or talks to
/// the terminal.
std::string one_line(std::string_view text) {
  constexpr std::string_view kHex = "0123456789abcdef";
  std::string line;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte >= ' ' && byte != 0x7f) {
      line += c;
    } else {
      line.append({'\\', 'x', kHex[byte >> 4U], kHex[byte & 0xFU]});
    }
  }
  return line;
}

}  // namespace

std::string Problem::str() const {
  std::string text = where;
  if (!key.empty()) text += ": " + key;
  text += ": " + what;
  return one_line(text);
}

std::variant<Loaded, std::vector<Problem>> load(const Sources& sources) {
  Draft draft;
  if (sources.file) draft.lay_over(read_file(*sources.file));
  draft.lay_over(read_environment(sources.environment));
  draft.lay_over(read_flags(sources.flags));
  draft.check();
  if (!draft.problems.empty()) return std::move(draft.problems);
  return std::move(draft.loaded);
}

}  // namespace shale::config

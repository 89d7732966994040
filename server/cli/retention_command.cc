#include "server/cli/retention_command.h"

#include <optional>
#include <ostream>
#include <vector>

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "server/cli/json_words.h"
#include "server/cli/table.h"

namespace shale::cli {
namespace {

using Json = nlohmann::ordered_json;
using Rows = std::vector<std::vector<std::string>>;

void add_output(CLI::App& command, std::string& output) {
  add_output_option(command, output);
}

std::string short_digest(const std::string& digest) {
  constexpr std::size_t kShown = 12;
  return digest.substr(0, digest.find(':') + 1 + kShown);
}

/// How many manifests met each fate, in words.
std::string summary(const Json& repositories, bool dry_run) {
  std::size_t went = 0;
  std::size_t stayed = 0;
  std::size_t spared = 0;
  for (const Json& repository : repositories) {
    went += repository["gone"].get<std::size_t>();
    stayed += repository["kept"].get<std::size_t>();
    spared += repository["spared"].get<std::size_t>();
  }
  std::string words = std::to_string(went) + (dry_run ? " would go, " : " went, ") +
                      std::to_string(stayed) + " stay";
  if (spared > 0) words += ", " + std::to_string(spared) + " were spared";
  return words + ", in " + std::to_string(repositories.size()) + " repositories with a retention";
}

std::string retention_words(const Json& retention) {
  std::string words;
  for (const auto& [key, value] : retention.items()) {
    words += words.empty() ? "" : "; ";
    words += key + ' ';
    words += value.is_array()    ? joined(value, " ")
             : value.is_string() ? value.get<std::string>()
                                 : value.dump();
  }
  return words;
}

}  // namespace

RetentionCommand::RetentionCommand(CLI::App& app)
    : command_(*app.add_subcommand("retention", "Remove the manifests that rules let go")),
      run_(*command_.add_subcommand(
          "run",
          "Apply the retention of repositories now; with --dry-run, only say what it would do")),
      at_(run_) {
  command_.require_subcommand(1);
  run_.add_option("repositories", repositories_, "A name, or a pattern such as 'ci/**'")
      ->type_name("REPOSITORIES")
      ->capture_default_str();
  run_.add_flag("--dry-run", dry_run_, "Remove nothing");
  run_.add_flag("--all", all_, "Show what stays as well, and why");
  add_output(run_, output_);
}

bool RetentionCommand::chosen() const {
  return command_.parsed();
}

int RetentionCommand::run(const Surroundings& surroundings) const {
  Json repositories = Json::array();
  Rows rows = {{"REPOSITORY", "MANIFEST", "TAGS", "PUSHED", "PULLED", "FATE", "REASON"}};
  std::string after;
  while (true) {
    int code = kOk;
    const Json wish{{"repository", repositories_}, {"dry_run", dry_run_}, {"after", after}};
    const auto body = at_.ask(surroundings, "POST", "/api/v1/retention/run", wish.dump(), code);
    if (!body) return code;
    Json answer = Json::parse(*body);
    for (Json& repository : answer["repositories"])
      repositories.push_back(std::move(repository));
    if (!answer["next"].is_string()) break;
    after = answer["next"].get<std::string>();
    surroundings.err << "at " << after << ": " << summary(repositories, dry_run_) << '\n';
  }
  if (output_ == "json") {
    surroundings.out << Json{{"dry_run", dry_run_}, {"repositories", repositories}}.dump(2) << '\n';
    return kOk;
  }
  for (const Json& repository : repositories) {
    for (const Json& manifest : repository["manifests"]) {
      const std::string fate = manifest["fate"];
      if (fate == "stays" && !all_) continue;
      const Json& pulled = manifest["pulled"];
      rows.push_back({repository["repository"], short_digest(manifest["digest"]),
                      joined(manifest["tags"], " "), manifest["pushed"],
                      pulled.is_string() ? pulled.get<std::string>() : "never", fate,
                      manifest["reason"]});
    }
  }
  if (rows.size() > 1) print_table(surroundings.out, rows);
  surroundings.err << summary(repositories, dry_run_) << '\n';
  return kOk;
}

RulesCommand::RulesCommand(CLI::App& app)
    : command_(*app.add_subcommand("rules", "Show what holds for which repositories")),
      list_(*command_.add_subcommand("list", "List the rules that the server has, in their order")),
      at_(list_) {
  command_.require_subcommand(1);
  add_output(list_, output_);
}

bool RulesCommand::chosen() const {
  return command_.parsed();
}

int RulesCommand::run(const Surroundings& surroundings) const {
  int code = kOk;
  const auto body = at_.ask(surroundings, "GET", "/api/v1/rules", {}, code);
  if (!body) return code;
  const Json json = Json::parse(*body);
  if (output_ == "json") {
    surroundings.out << json.dump(2) << '\n';
    return code;
  }
  Rows rows = {
      {"REPOSITORIES", "IMMUTABLE TAGS", "HISTORY", "UNTAGGED AFTER", "RETENTION", "FROM"}};
  for (const Json& rule : json["rules"]) {
    const auto text = [&](const char* key) {
      return rule.contains(key) ? rule[key].get<std::string>() : std::string("-");
    };
    rows.push_back({joined(rule["repositories"], " "),
                    rule.contains("immutable_tags") ? joined(rule["immutable_tags"], " ") : "-",
                    text("history"), text("untagged_after"),
                    rule.contains("retention") ? retention_words(rule["retention"]) : "-",
                    text("where")});
  }
  print_table(surroundings.out, rows);
  return code;
}

}  // namespace shale::cli

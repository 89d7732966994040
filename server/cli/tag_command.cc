#include "server/cli/tag_command.h"

#include <chrono>
#include <ostream>
#include <string_view>
#include <variant>
#include <vector>

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "server/cli/table.h"
#include "server/config/units.h"
#include "server/http/timestamp.h"
#include "server/http/uri.h"

namespace shale::cli {
namespace {

using Json = nlohmann::ordered_json;

std::string path_of(std::string_view repository) {
  return http::encode_path("/api/v1/repositories/" + std::string(repository) + "/tags");
}

/// As RFC 3339 says it, or so long ago; none when it is neither, which has been told then.
std::optional<std::string> time_of(const Surroundings& surroundings, const std::string& text) {
  if (const auto time = http::parse_timestamp(text)) return http::format_timestamp(*time);
  const auto ago = config::parse_duration(text);
  // Longer than a thousand years is no time ago that anybody means.
  constexpr std::chrono::hours kLongest{24 * 366 * 1000};
  if (const auto* span = std::get_if<std::chrono::milliseconds>(&ago);
      span != nullptr && *span <= kLongest) {
    const auto now =
        std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now());
    return http::format_timestamp(now - *span);
  }
  surroundings.err << "shale: --at: `" << text
                   << "` is no time: write one such as 2026-11-01T00:00:00Z, or how long ago, "
                      "such as 2h or 3d\n";
  return std::nullopt;
}

std::string text_or(const Json& text, const char* otherwise) {
  return text.is_string() ? text.get<std::string>() : otherwise;
}

}  // namespace

TagCommand::TagCommand(CLI::App& app)
    : command_(*app.add_subcommand("tag", "See where tags are and were, and move them back")),
      list_(command_, "list", "List the tags of a repository, and when and by whom each was moved"),
      history_(command_, "history", "List the moves of a tag, newest first"),
      show_(command_, "show", "Print the digest that a tag names, or named"),
      rollback_(command_, "rollback",
                "Move a tag back: to what it named before, to a digest, or to what it named then"),
      restore_(command_, "restore", "Bring back a tag that was deleted") {
  command_.require_subcommand(1);
  list_.command.add_option("repository", name_, "The repository")
      ->required()
      ->type_name("REPOSITORY");
  list_.command.add_flag("--deleted", deleted_, "Those that were deleted, too");
  for (ServerCommand* sub : {&history_, &show_, &rollback_, &restore_})
    sub->command.add_option("tag", name_, "The tag")->required()->type_name("REPOSITORY:TAG");
  history_.command.add_option("--limit", limit_, "How many moves at most")
      ->check(CLI::PositiveNumber)
      ->type_name("N")
      ->capture_default_str();
  for (ServerCommand* sub : {&show_, &rollback_}) {
    sub->command
        .add_option("--at", time_, "A time such as 2026-11-01T00:00:00Z, or how long ago: 2h, 3d")
        ->type_name("TIME");
  }
  rollback_.command.add_option("--to", to_, "The manifest, by its digest")
      ->excludes("--at")
      ->type_name("DIGEST");
  for (ServerCommand* sub : {&list_, &history_, &show_, &rollback_, &restore_}) {
    add_output_option(sub->command, output_);
  }
}

bool TagCommand::chosen() const {
  return command_.parsed();
}

int TagCommand::run(const Surroundings& surroundings) const {
  if (list_.command.parsed()) return list(surroundings);
  if (history_.command.parsed()) return history(surroundings);
  if (show_.command.parsed()) return show(surroundings);
  if (rollback_.command.parsed()) return rollback(surroundings);
  return restore(surroundings);
}

std::optional<std::string> TagCommand::tag_path(const Surroundings& surroundings) const {
  const auto colon = name_.rfind(':');
  const bool good = colon != std::string::npos && colon > 0 && colon + 1 < name_.size() &&
                    name_.find_first_of("/@", colon) == std::string::npos &&
                    name_.find('@') == std::string::npos;
  if (good) {
    return path_of(std::string_view(name_).substr(0, colon)) +
           http::encode_path('/' + name_.substr(colon + 1));
  }
  surroundings.err << "shale: `" << name_
                   << "` names no tag: write REPOSITORY:TAG, such as team/app:latest, without "
                      "the registry\n";
  return std::nullopt;
}

int TagCommand::list(const Surroundings& surroundings) const {
  Json all;
  std::string last;
  do {
    int code = kOk;
    std::string path = path_of(name_) + "?n=1000&deleted=" + (deleted_ ? "true" : "false");
    if (!last.empty()) path += "&last=" + last;
    const auto body = list_.at.ask(surroundings, "GET", path, {}, code);
    if (!body) return code;
    Json page = Json::parse(*body);
    last = text_or(page["next"], "");
    if (all.is_null()) {
      all = {{"repository", page["repository"]}, {"tags", Json::array()}};
    }
    for (Json& tag : page["tags"])
      all["tags"].push_back(std::move(tag));
  } while (!last.empty());

  if (output_ == "json") {
    surroundings.out << all.dump(2) << '\n';
    return kOk;
  }
  std::vector<std::vector<std::string>> rows = {{"TAG", "DIGEST", "MOVED", "BY"}};
  for (const Json& tag : all["tags"])
    rows.push_back({tag["tag"], text_or(tag["digest"], "deleted"), tag["moved"], tag["actor"]});
  print_table(surroundings.out, rows);
  return kOk;
}

int TagCommand::history(const Surroundings& surroundings) const {
  const auto path = tag_path(surroundings);
  if (!path) return kUsage;
  int code = kOk;
  const auto body = history_.at.ask(surroundings, "GET",
                                    *path + "/history?limit=" + std::to_string(limit_), {}, code);
  if (!body) return code;
  const Json json = Json::parse(*body);
  if (output_ == "json") {
    surroundings.out << json.dump(2) << '\n';
    return kOk;
  }
  std::vector<std::vector<std::string>> rows = {{"TIME", "BY", "FROM", "TO"}};
  for (const Json& move : json["moves"]) {
    rows.push_back(
        {move["time"], move["actor"], text_or(move["from"], "-"), text_or(move["to"], "deleted")});
  }
  print_table(surroundings.out, rows);
  if (json["more"].get<bool>()) {
    surroundings.err << "there are older moves: see --limit\n";
  }
  return kOk;
}

int TagCommand::show(const Surroundings& surroundings) const {
  auto path = tag_path(surroundings);
  if (!path) return kUsage;
  if (time_) {
    const auto time = time_of(surroundings, *time_);
    if (!time) return kUsage;
    *path += "?at=" + *time;
  }
  int code = kOk;
  const auto body = show_.at.ask(surroundings, "GET", *path, {}, code);
  if (!body) return code;
  const Json json = Json::parse(*body);
  if (output_ == "json") {
    surroundings.out << json.dump(2) << '\n';
  } else {
    surroundings.out << json["digest"].get<std::string>() << '\n';
  }
  if (!json["present"].get<bool>()) {
    surroundings.err << "that manifest was deleted: it cannot be pulled\n";
  }
  return kOk;
}

int TagCommand::rollback(const Surroundings& surroundings) const {
  Json goal = Json::object();
  if (to_) goal["to"] = *to_;
  if (time_) {
    const auto time = time_of(surroundings, *time_);
    if (!time) return kUsage;
    goal["at"] = *time;
  }
  return move(surroundings, rollback_, "/rollback",
              goal.dump(-1, ' ', /*ensure_ascii=*/true, Json::error_handler_t::replace));
}

int TagCommand::restore(const Surroundings& surroundings) const {
  return move(surroundings, restore_, "/restore", "{}");
}

/// The digest alone goes to standard output.
int TagCommand::move(const Surroundings& surroundings, const ServerCommand& sub,
                     std::string_view verb, const std::string& json) const {
  const auto path = tag_path(surroundings);
  if (!path) return kUsage;
  int code = kOk;
  const auto body = sub.at.ask(surroundings, "POST", *path + std::string(verb), json, code);
  if (!body) return code;
  const Json went = Json::parse(*body);
  if (output_ == "json") {
    surroundings.out << went.dump(2) << '\n';
    return kOk;
  }
  if (went["from"] == went["to"]) {
    surroundings.err << name_ << " stands there already\n";
  } else if (went["from"].is_null()) {
    surroundings.err << name_ << " is back\n";
  } else {
    surroundings.err << name_ << " was " << went["from"].get<std::string>() << '\n';
  }
  surroundings.out << went["to"].get<std::string>() << '\n';
  return kOk;
}

}  // namespace shale::cli

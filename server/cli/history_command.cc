#include "server/cli/history_command.h"

#include <cstdint>
#include <optional>
#include <ostream>
#include <vector>

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "server/cli/image_name.h"
#include "server/cli/json_words.h"
#include "server/cli/table.h"

namespace shale::cli {
namespace {

using Json = nlohmann::ordered_json;

enum class Part : std::uint8_t { kRepository, kManifest, kEither };

/// The name, when it has the part that is asked for; else that has been told.
std::optional<ImageName> parsed(const Surroundings& surroundings, const std::string& text,
                                Part part) {
  auto name = ImageName::parse(text);
  const bool good =
      name && !name->tag &&
      (part == Part::kEither || name->digest.has_value() == (part == Part::kManifest));
  if (good) return name;
  const char* form = part == Part::kRepository ? "REPOSITORY"
                     : part == Part::kManifest ? "REPOSITORY@DIGEST"
                                               : "REPOSITORY or REPOSITORY@DIGEST";
  surroundings.err << "shale: `" << text << "` will not do: write " << form
                   << ", without the registry\n";
  return std::nullopt;
}

std::string wish_of(const ImageName& name) {
  Json wish = Json::object();
  if (name.digest) wish["digest"] = *name.digest;
  return wish.dump(-1, ' ', /*ensure_ascii=*/true, Json::error_handler_t::replace);
}

}  // namespace

HistoryCommand::HistoryCommand(CLI::App& app)
    : history_(*app.add_subcommand("history", "See what was deleted and can be had back")),
      manifest_(*app.add_subcommand("manifest", "Bring a manifest back that was deleted")),
      repository_(*app.add_subcommand("repository", "Bring a repository back that was deleted")),
      list_(history_, "list", "List the manifests that were deleted and can be had back"),
      drop_(history_, "drop", "Let what was deleted go at once, without a way back"),
      restore_manifest_(manifest_, "restore",
                        "Bring back a manifest, what belongs to it, and its tags that are free"),
      restore_repository_(repository_, "restore",
                          "Bring back what the last deletion in the repository took") {
  for (CLI::App* command : {&history_, &manifest_, &repository_})
    command->require_subcommand(1);
  const auto named = [&](ServerCommand& sub, const char* form) {
    sub.command.add_option("name", name_, "What it is about")->required()->type_name(form);
  };
  named(list_, "REPOSITORY");
  named(drop_, "REPOSITORY[@DIGEST]");
  named(restore_manifest_, "REPOSITORY@DIGEST");
  named(restore_repository_, "REPOSITORY");
  drop_.command.add_flag("--all", all_, "The history of the whole repository");
  for (ServerCommand* sub : {&list_, &drop_, &restore_manifest_, &restore_repository_}) {
    add_output_option(sub->command, output_);
  }
}

bool HistoryCommand::chosen() const {
  return history_.parsed() || manifest_.parsed() || repository_.parsed();
}

int HistoryCommand::run(const Surroundings& surroundings) const {
  if (list_.command.parsed()) return list(surroundings);
  if (drop_.command.parsed()) return drop(surroundings);
  return restore(surroundings, manifest_.parsed() ? restore_manifest_ : restore_repository_);
}

int HistoryCommand::list(const Surroundings& surroundings) const {
  const auto name = parsed(surroundings, name_, Part::kRepository);
  if (!name) return kUsage;
  Json all;
  for (std::string last; all.is_null() || !last.empty();) {
    int code = kOk;
    std::string path = name->path("/deleted") + "?n=1000";
    if (!last.empty()) path += "&last=" + last;
    const auto body = list_.at.ask(surroundings, "GET", path, {}, code);
    if (!body) return code;
    Json page = Json::parse(*body);
    last = page["next"].is_string() ? page["next"].get<std::string>() : "";
    if (all.is_null()) all = {{"repository", page["repository"]}, {"deleted", Json::array()}};
    for (Json& deleted : page["deleted"])
      all["deleted"].push_back(std::move(deleted));
  }
  if (output_ == "json") {
    surroundings.out << all.dump(2) << '\n';
    return kOk;
  }
  std::vector<std::vector<std::string>> rows = {{"DIGEST", "TAGS", "DELETED", "BY", "UNTIL"}};
  for (const Json& deleted : all["deleted"]) {
    rows.push_back({deleted["digest"], listed(deleted["tags"]), deleted["deleted"],
                    deleted["actor"], deleted["until"]});
  }
  print_table(surroundings.out, rows);
  return kOk;
}

int HistoryCommand::drop(const Surroundings& surroundings) const {
  const auto name = parsed(surroundings, name_, Part::kEither);
  if (!name) return kUsage;
  if (all_ == name->digest.has_value()) {
    surroundings.err << "shale: name one manifest by its digest, or the repository with --all\n";
    return kUsage;
  }
  int code = kOk;
  const auto body =
      drop_.at.ask(surroundings, "POST", name->path("/deleted/drop"), wish_of(*name), code);
  if (!body) return code;
  const Json json = Json::parse(*body);
  if (output_ == "json") {
    surroundings.out << json.dump(2) << '\n';
  } else {
    surroundings.out << json["dropped"].get<std::uint64_t>() << " manifests are gone for good\n";
  }
  return code;
}

int HistoryCommand::restore(const Surroundings& surroundings, const ServerCommand& sub) const {
  const bool one = &sub == &restore_manifest_;
  const auto name = parsed(surroundings, name_, one ? Part::kManifest : Part::kRepository);
  if (!name) return kUsage;
  int code = kOk;
  const auto body = sub.at.ask(surroundings, "POST", name->path("/restore"), wish_of(*name), code);
  if (!body) return code;
  const Json json = Json::parse(*body);
  if (output_ == "json") {
    surroundings.out << json.dump(2) << '\n';
    return code;
  }
  const Json& restored = json["restored"];
  std::vector<std::vector<std::string>> rows = {{"RESTORED", "TAGS", "TAKEN BY OTHERS"}};
  for (const Json& manifest : restored["first"])
    rows.push_back({manifest["digest"], listed(manifest["tags"]), listed(manifest["taken"])});
  print_table(surroundings.out, rows);
  const auto others = restored["count"].get<std::uint64_t>() - restored["first"].size();
  if (others > 0) surroundings.out << "and " << others << " others\n";
  return code;
}

}  // namespace shale::cli

#include "server/cli/removal_command.h"

#include <chrono>
#include <cstdint>
#include <ostream>
#include <string_view>
#include <vector>

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "server/cli/image_name.h"
#include "server/cli/json_words.h"
#include "server/cli/table.h"
#include "server/config/units.h"

namespace shale::cli {
namespace {

using Json = nlohmann::ordered_json;
using Rows = std::vector<std::vector<std::string>>;

std::uint64_t count_of(const Json& counted) {
  return counted["count"].get<std::uint64_t>();
}

std::string number(const Json& json) {
  return std::to_string(json.get<std::uint64_t>());
}

void add_rows(Rows& rows, const Json& removal) {
  for (const Json& manifest : removal["manifests"]["first"])
    rows.push_back({"goes", "manifest", manifest["digest"], number(manifest["size"]),
                    manifest["tags"].empty() ? "-" : "tags: " + listed(manifest["tags"])});
  for (const Json& blob : removal["blobs"]["first"])
    rows.push_back({"goes", "blob", blob["digest"], number(blob["size"]), "-"});
  for (const Json& kept : removal["kept"]["first"])
    rows.push_back(
        {"stays", "-", kept["digest"], number(kept["size"]), "by " + listed(kept["by"])});
}

std::string span_text(std::chrono::milliseconds span) {
  constexpr std::chrono::hours kDay{24};
  const bool days = span % kDay == std::chrono::milliseconds(0);
  return days ? std::to_string(span / kDay) + " days" : config::format_duration(span);
}

/// What the table leaves out.
std::uint64_t not_listed(const Json& removal) {
  std::uint64_t missing = 0;
  for (const char* kind : {"manifests", "blobs", "kept"})
    missing += count_of(removal[kind]) - removal[kind]["first"].size();
  return missing;
}

void print_removal(std::ostream& out, const Json& removal) {
  Rows rows = {{"FATE", "WHAT", "DIGEST", "BYTES", "WHY"}};
  add_rows(rows, removal);
  if (rows.size() > 1) print_table(out, rows);
  if (const auto missing = not_listed(removal); missing > 0) {
    out << "and " << missing << " others\n";
  }
  const bool dry = removal["dry_run"].get<bool>();
  out << (dry ? "would remove " : "removed ") << count_of(removal["tags"]) << " tags, "
      << count_of(removal["manifests"]) << " manifests and " << count_of(removal["blobs"])
      << " blobs; " << number(removal["bytes"]) << " bytes ";
  const std::chrono::milliseconds history(removal["restorable_for_ms"].get<std::int64_t>());
  if (history.count() == 0) {
    out << (dry ? "would come free\n" : "come free\n");
  } else {
    out << (dry ? "would come free in " : "come free in ") << span_text(history)
        << "; until then it can be restored\n";
  }
}

}  // namespace

RemovalCommand::RemovalCommand(CLI::App& app)
    : command_(*app.add_subcommand(
          "rm", "Remove an image with what only it keeps, or a whole repository")),
      at_(command_) {
  command_.add_option("image", name_, "What is to go")
      ->required()
      ->type_name("REPOSITORY[:TAG|@DIGEST]");
  command_.add_flag("--dry-run", dry_,
                    "Only say what would go, how many bytes would come free, and what stays why");
  command_.add_flag("--all", all_, "Everything in the repository");
  command_.add_flag("--for-good", for_good_, "Without a way back: no history keeps it");
  add_output_option(command_, output_);
}

bool RemovalCommand::chosen() const {
  return command_.parsed();
}

int RemovalCommand::run(const Surroundings& surroundings) const {
  const auto name = ImageName::parse(name_);
  if (!name) {
    surroundings.err << "shale: `" << name_
                     << "` names no image: write REPOSITORY:TAG or REPOSITORY@DIGEST, such as "
                        "team/app:1.2, without the registry\n";
    return kUsage;
  }
  const bool whole = !name->tag && !name->digest;
  if (whole != all_) {
    surroundings.err << "shale: "
                     << (whole ? name_ + " is a whole repository: if all of it is to go, say --all"
                               : "--all goes with a repository alone, and " + name_ + " is more")
                     << '\n';
    return kUsage;
  }
  Json wish{{"dry_run", dry_}, {"for_good", for_good_}};
  if (!whole) wish["reference"] = name->tag ? *name->tag : *name->digest;
  int code = kOk;
  const auto body = at_.ask(surroundings, "POST", name->path("/remove"),
                            wish.dump(-1, ' ', true, Json::error_handler_t::replace), code);
  if (!body) return code;
  const Json removal = Json::parse(*body);
  if (output_ == "json") {
    surroundings.out << removal.dump(2) << '\n';
  } else {
    print_removal(surroundings.out, removal);
  }
  return code;
}

}  // namespace shale::cli

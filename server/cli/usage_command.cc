#include "server/cli/usage_command.h"

#include <array>
#include <cstdint>
#include <ostream>
#include <vector>

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "server/cli/table.h"
#include "server/config/units.h"

namespace shale::cli {
namespace {

using Json = nlohmann::ordered_json;
using Rows = std::vector<std::vector<std::string>>;

/// For a query, where these have a meaning of their own.
std::string escaped(const std::string& text) {
  constexpr std::string_view kHex = "0123456789ABCDEF";
  constexpr std::string_view kPlain = "-._~/:@";
  std::string all;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       kPlain.find(c) != std::string_view::npos;
    if (plain) {
      all += c;
    } else {
      all += {'%', kHex[byte >> 4], kHex[byte & 15]};
    }
  }
  return all;
}

std::string size_of(const Json& bytes) {
  return config::readable_size(bytes.get<std::uint64_t>());
}

std::string number_of(const Json& number) {
  return std::to_string(number.get<std::int64_t>());
}

const std::vector<std::string> kUsageColumns = {"LOGICAL",   "UNIQUE", "SHARED",    "HISTORY",
                                                "IN FLIGHT", "TAGS",   "MANIFESTS", "BLOBS"};

std::vector<std::string> usage_row(std::string name, const Json& usage) {
  return {std::move(name),          size_of(usage["logical"]),     size_of(usage["unique"]),
          size_of(usage["shared"]), size_of(usage["pinned"]),      size_of(usage["in_flight"]),
          number_of(usage["tags"]), number_of(usage["manifests"]), number_of(usage["blobs"])};
}

Rows usage_rows(const char* first) {
  Rows rows{{first}};
  rows.front().insert(rows.front().end(), kUsageColumns.begin(), kUsageColumns.end());
  return rows;
}

void print_largest(std::ostream& out, const Json& largest) {
  Rows rows = usage_rows("REPOSITORY");
  for (const Json& usage : largest)
    rows.push_back(usage_row(usage["repository"], usage));
  print_table(out, rows);
}

void print_store(std::ostream& out, const Json& store) {
  std::array<char, 32> ratio{};
  std::snprintf(ratio.data(), ratio.size(), "%.2f", store["ratio"].get<double>());
  print_table(out, {{"STORED", "WITHOUT SHARING", "RATIO", "HISTORY", "IN FLIGHT", "REPOSITORIES",
                     "TAGS", "MANIFESTS", "BLOBS"},
                    {size_of(store["stored"]), size_of(store["logical"]), ratio.data(),
                     size_of(store["pinned"]), size_of(store["in_flight"]),
                     number_of(store["repositories"]), number_of(store["tags"]),
                     number_of(store["manifests"]), number_of(store["blobs"])}});
  out << '\n';
  print_largest(out, store["largest"]);
}

std::string of_limit(const Json& quota, const char* name, std::string (*shown)(const Json&)) {
  if (!quota.contains(name)) return "-";
  return shown(quota[name]["used"]) + " of " + shown(quota[name]["limit"]);
}

}  // namespace

UsageCommands::UsageCommands(CLI::App& app)
    : usage_(*app.add_subcommand("usage", "Show where the space is")),
      layers_(*app.add_subcommand("layers", "Look at layers over all repositories")),
      layers_top_(*layers_.add_subcommand("top", "The layers that most images have")),
      image_(*app.add_subcommand("image", "Look for images over all repositories")),
      image_find_(*image_.add_subcommand(
          "find", "The images that contain a layer, or are built on a base image")),
      quota_(*app.add_subcommand("quota", "Look at quotas; the configuration sets them")),
      quota_list_(*quota_.add_subcommand("list", "Each quota, and how much of it is used")),
      usage_at_(usage_),
      layers_at_(layers_top_),
      images_at_(image_find_),
      quotas_at_(quota_list_) {
  for (CLI::App* command : {&layers_, &image_, &quota_})
    command->require_subcommand(1);
  usage_.add_option("what", what_, "A repository, or a namespace with a slash behind it")
      ->type_name("REPOSITORY|NAMESPACE/");
  layers_top_.add_option("number", top_, "How many")
      ->check(CLI::Range(1, 1000))
      ->type_name("N")
      ->capture_default_str();
  auto* const find = image_find_.add_option_group("What it is built of");
  find->add_option("--layer", layer_, "Images that contain this layer")->type_name("DIGEST");
  find->add_option("--base", base_,
                   "Images that begin with the layers of this one, or name it as their base")
      ->type_name("REPOSITORY:TAG|DIGEST");
  find->require_option(1);
  for (CLI::App* command : {&usage_, &layers_top_, &image_find_, &quota_list_}) {
    add_output_option(*command, output_);
  }
}

bool UsageCommands::chosen() const {
  return usage_.parsed() || layers_.parsed() || image_.parsed() || quota_.parsed();
}

int UsageCommands::run(const Surroundings& surroundings) const {
  if (usage_.parsed()) return usage(surroundings);
  if (layers_.parsed()) return layers(surroundings);
  return image_.parsed() ? images(surroundings) : quotas(surroundings);
}

int UsageCommands::usage(const Surroundings& surroundings) const {
  std::string path = "/api/v1/usage";
  const bool name_space = what_.ends_with('/');
  if (name_space) {
    path += "?namespace=" + escaped(what_.substr(0, what_.size() - 1));
  } else if (!what_.empty()) {
    path = "/api/v1/repositories/" + escaped(what_) + "/usage";
  }
  int code = kOk;
  const auto body = usage_at_.ask(surroundings, "GET", path, {}, code);
  if (!body) return code;
  const Json json = Json::parse(*body);
  std::ostream& out = surroundings.out;
  if (output_ == "json") {
    out << json.dump(2) << '\n';
  } else if (what_.empty()) {
    print_store(out, json);
  } else {
    Rows rows = usage_rows(name_space ? "NAMESPACE" : "REPOSITORY");
    rows.push_back(usage_row(what_, json));
    print_table(out, rows);
    if (name_space) print_largest(out << '\n', json["largest"]);
  }
  return code;
}

int UsageCommands::layers(const Surroundings& surroundings) const {
  int code = kOk;
  const auto body =
      layers_at_.ask(surroundings, "GET", "/api/v1/layers?top=" + std::to_string(top_), {}, code);
  if (!body) return code;
  const Json json = Json::parse(*body);
  if (output_ == "json") {
    surroundings.out << json.dump(2) << '\n';
    return code;
  }
  Rows rows{{"LAYER", "SIZE", "IMAGES", "REPOSITORIES"}};
  for (const Json& layer : json["layers"]) {
    rows.push_back({layer["digest"], size_of(layer["size"]), number_of(layer["images"]),
                    number_of(layer["repositories"])});
  }
  print_table(surroundings.out, rows);
  return code;
}

int UsageCommands::images(const Surroundings& surroundings) const {
  const std::string query = layer_.empty() ? "base=" + escaped(base_) : "layer=" + escaped(layer_);
  int code = kOk;
  const auto body = images_at_.ask(surroundings, "GET", "/api/v1/images?" + query, {}, code);
  if (!body) return code;
  const Json json = Json::parse(*body);
  if (output_ == "json") {
    surroundings.out << json.dump(2) << '\n';
    return code;
  }
  Rows rows{{"REPOSITORY", "TAGS", "DIGEST", "BY"}};
  for (const Json& image : json["images"]) {
    std::string tags;
    for (const Json& tag : image["tags"])
      (tags += tags.empty() ? "" : ",") += tag.get<std::string>();
    const bool layers = image["by_layers"];
    const bool annotation = image["by_annotation"];
    rows.push_back({image["repository"], tags.empty() ? "-" : tags, image["digest"],
                    layers && annotation ? "layers, annotation"
                    : layers             ? "layers"
                                         : "annotation"});
  }
  print_table(surroundings.out, rows);
  if (json["more"].get<bool>()) surroundings.err << "there are more than these\n";
  return code;
}

int UsageCommands::quotas(const Surroundings& surroundings) const {
  int code = kOk;
  const auto body = quotas_at_.ask(surroundings, "GET", "/api/v1/quotas", {}, code);
  if (!body) return code;
  const Json json = Json::parse(*body);
  if (output_ == "json") {
    surroundings.out << json.dump(2) << '\n';
    return code;
  }
  Rows rows{{"NAMESPACE", "BYTES", "TAGS"}};
  for (const Json& quota : json["quotas"]) {
    rows.push_back({quota["namespace"], of_limit(quota, "bytes", size_of),
                    of_limit(quota, "tags", number_of)});
  }
  print_table(surroundings.out, rows);
  return code;
}

}  // namespace shale::cli

#include "tests/model/manifest_reading.h"

#include <algorithm>

#include <nlohmann/json.hpp>

#include "tests/model/exchange.h"

namespace shale::testing::model {
namespace {

using Json = nlohmann::json;

bool is_image(const std::string& type) {
  return type == kOciImage || type == kDockerImage;
}
bool is_index(const std::string& type) {
  return type == kOciIndex || type == kDockerList;
}

bool is_descriptor(const Json& json) {
  return json.is_object() && json.contains("mediaType") && json["mediaType"].is_string() &&
         json.contains("digest") && json["digest"].is_string() &&
         is_digest(json["digest"].get<std::string>()) && json.contains("size") &&
         json["size"].is_number_unsigned();
}

/// The descriptors of a member, which may be one, a list, or missing.
std::vector<Json> descriptors(const Json& root, const char* member) {
  if (!root.contains(member)) return {};
  const Json& value = root[member];
  if (value.is_array()) return value.get<std::vector<Json>>();
  return {value};
}

/// One digest has one size.
bool sizes_agree(const Json& root) {
  std::map<std::string, std::uint64_t> sizes;
  for (const char* member : {"config", "layers", "blobs", "manifests", "subject"}) {
    for (const Json& descriptor : descriptors(root, member)) {
      const auto size = descriptor["size"].get<std::uint64_t>();
      const auto known = sizes.emplace(descriptor["digest"].get<std::string>(), size).first;
      if (known->second != size) return false;
    }
  }
  return true;
}

/// The type from the header and the body, which must not contradict each other.
std::optional<std::string> agreed_type(const std::string& content_type, const Json& root) {
  std::string header = content_type.substr(0, content_type.find(';'));
  if (header == "application/json") header.clear();
  const std::string body = root.value("mediaType", "");
  if (header.empty() && body.empty()) return std::nullopt;
  if (!header.empty() && !body.empty() && header != body) return std::nullopt;
  const std::string type = header.empty() ? body : header;
  if ((type == kDockerImage || type == kDockerList) && body.empty()) return std::nullopt;
  if (type.starts_with("application/vnd.docker.distribution.manifest.v1+")) return std::nullopt;
  if (!type.ends_with("+json") || root.value("schemaVersion", 0) == 1) return std::nullopt;
  return type;
}

bool has_its_members(const std::string& type, const Json& root) {
  if (!is_image(type) && !is_index(type)) return true;
  if (root.value("schemaVersion", 0) != 2) return false;
  if (is_image(type)) return root.contains("config") && root.contains("layers");
  return root.contains("manifests");
}

void add_references(const Json& root, ManifestFacts& facts) {
  using To = Reference::To;
  const auto add = [&](const char* member, auto to_what) {
    for (const Json& descriptor : descriptors(root, member)) {
      const auto type = descriptor["mediaType"].get<std::string>();
      facts.references.push_back({to_what(type), descriptor["digest"].get<std::string>(),
                                  descriptor["size"].get<std::size_t>(), type != kLoneLayer});
    }
  };
  const auto blob = [](const std::string&) { return To::kBlob; };
  add("config", blob);
  add("layers", blob);
  if (!is_image(facts.type) && !is_index(facts.type)) add("blobs", blob);
  add("manifests", [](const std::string& type) {
    return is_image(type) || is_index(type) ? To::kManifest : To::kEither;
  });
}

}  // namespace

std::optional<ManifestFacts> read_manifest(const std::string& content_type, std::string_view body) {
  const Json root = Json::parse(body, nullptr, /*allow_exceptions=*/false);
  if (!root.is_object()) return std::nullopt;
  if (root.contains("manifests") && (root.contains("config") || root.contains("layers"))) {
    return std::nullopt;
  }
  for (const char* member : {"config", "layers", "blobs", "manifests", "subject"}) {
    if (!std::ranges::all_of(descriptors(root, member), is_descriptor)) return std::nullopt;
  }
  const auto type = agreed_type(content_type, root);
  if (!type || !has_its_members(*type, root) || !sizes_agree(root)) return std::nullopt;

  ManifestFacts facts;
  facts.type = *type;
  add_references(root, facts);
  if (root.contains("subject")) facts.subject = root["subject"]["digest"].get<std::string>();
  facts.artifact_type = root.value("artifactType", "");
  if (facts.artifact_type.empty() && root.contains("config")) {
    facts.artifact_type = root["config"]["mediaType"].get<std::string>();
  }
  if (root.contains("annotations")) root["annotations"].get_to(facts.annotations);
  return facts;
}

}  // namespace shale::testing::model

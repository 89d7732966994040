#include <algorithm>

#include <nlohmann/json.hpp>

#include "tests/model/registry_model_parts.h"

namespace shale::testing::model {
namespace {

using Json = nlohmann::json;

/// `n` of a request; none when it is no number.
std::optional<std::size_t> page_limit(const Request& request, std::size_t fallback,
                                      std::size_t most) {
  static const std::regex number("[0-9]{1,9}");
  const auto n = request.parameter("n");
  if (!n) return std::min(fallback, most);
  if (!std::regex_match(*n, number)) return std::nullopt;
  return std::min<std::size_t>(std::stoul(*n), most);
}

struct Page {
  std::vector<std::string> names;
  bool more = false;
};

/// Of `all`, which is in order, what comes after `last`.
Page page_of(const std::vector<std::string>& all, const std::string& last, std::size_t limit) {
  Page page;
  for (const std::string& name : all) {
    if (!last.empty() && name <= last) continue;
    if (page.names.size() == limit) {
      page.more = limit > 0;
      break;
    }
    page.names.push_back(name);
  }
  return page;
}

template <class Map>
std::vector<std::string> keys_of(const Map& map) {
  std::vector<std::string> keys;
  for (const auto& entry : map)
    keys.push_back(entry.first);
  return keys;
}

Answer listing(const Json& json, const std::string& type, const Request& request, const Page& page,
               std::size_t limit) {
  Answer list = content({{"content-type", type}}, json.dump());
  list.fields["content-length"] = kSomeLength;
  if (!page.more) return list;
  std::string link =
      "<" + request.path + "?last=" + page.names.back() + "&n=" + std::to_string(limit);
  for (const std::string& wanted : request.parameters("artifactType"))
    link += "&artifactType=" + wanted;
  list.fields["link"] = link + ">; rel=\"next\"";
  return list;
}

}  // namespace

Answer RegistryModel::catalog(const Request& request) const {
  const auto limit = page_limit(request, profile_.catalog_default, profile_.page_size);
  if (!limit) return error(400, "UNSUPPORTED");
  const Page page = page_of(keys_of(repositories_), request.parameter("last").value_or(""), *limit);
  return listing({{"repositories", page.names}}, "application/json", request, page, *limit);
}

Answer RegistryModel::tags(const Request& request, const Target& target) const {
  const auto limit = page_limit(request, profile_.page_size, profile_.page_size);
  if (!limit) return error(400, "UNSUPPORTED");
  const Repository* repository = find(target.name);
  if (repository == nullptr) return error(404, "NAME_UNKNOWN");
  const Page page =
      page_of(keys_of(repository->tags), request.parameter("last").value_or(""), *limit);
  return listing({{"name", target.name}, {"tags", page.names}}, "application/json", request, page,
                 *limit);
}

Answer RegistryModel::referrers(const Request& request, const Target& target) const {
  if (!is_digest(target.item)) return error(400, "DIGEST_INVALID");
  const auto limit = page_limit(request, profile_.page_size, profile_.page_size);
  if (!limit) return error(400, "UNSUPPORTED");
  const std::string last = request.parameter("last").value_or("");
  if (!last.empty() && !is_digest(last)) return error(400, "DIGEST_INVALID");

  const auto wanted = request.parameters("artifactType");
  std::map<std::string, Json> descriptors;
  const Repository* repository = find(target.name);
  if (repository != nullptr) {
    for (const auto& [digest, manifest] : repository->manifests) {
      const ManifestFacts& facts = manifest.facts;
      if (facts.subject != target.item) continue;
      if (!wanted.empty() && std::ranges::find(wanted, facts.artifact_type) == wanted.end()) {
        continue;
      }
      Json& json = descriptors[digest];
      json = {{"mediaType", facts.type}, {"digest", digest}, {"size", manifest.bytes.size()}};
      if (!facts.artifact_type.empty()) json["artifactType"] = facts.artifact_type;
      if (!facts.annotations.empty()) json["annotations"] = facts.annotations;
    }
  }
  const Page page = page_of(keys_of(descriptors), last, *limit);
  Json manifests = Json::array();
  for (const std::string& digest : page.names)
    manifests.push_back(descriptors[digest]);
  Answer list =
      listing({{"schemaVersion", 2}, {"mediaType", kOciIndex}, {"manifests", std::move(manifests)}},
              kOciIndex, request, page, *limit);
  if (!wanted.empty()) list.fields["oci-filters-applied"] = "artifactType";
  return list;
}

}  // namespace shale::testing::model

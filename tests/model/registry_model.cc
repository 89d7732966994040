#include "tests/model/registry_model.h"

#include <algorithm>

#include "tests/model/registry_model_parts.h"

namespace shale::testing::model {

std::optional<RegistryModel::Target> RegistryModel::target_of(const Request& request) {
  struct Route {
    Resource resource;
    std::regex path;  // the name is greedy, so that paths are read from their right-hand end
  };
  static const std::vector<Route> routes = {
      {Resource::kBase, std::regex("/v2/?()()")},
      {Resource::kCatalog, std::regex("/v2/_catalog()()")},
      {Resource::kTags, std::regex("/v2/(.*)/tags/list()")},
      {Resource::kReferrers, std::regex("/v2/(.*)/referrers/([^/]*)")},
      {Resource::kManifest, std::regex("/v2/(.*)/manifests/([^/]*)")},
      {Resource::kUploads, std::regex("/v2/(.*)/blobs/uploads/?()")},
      {Resource::kUpload, std::regex("/v2/(.*)/blobs/uploads/([^/]+)")},
      {Resource::kBlob, std::regex("/v2/(.*)/blobs/([^/]*)")},
  };
  for (const Route& route : routes) {
    std::smatch match;
    if (std::regex_match(request.path, match, route.path)) {
      return Target{route.resource, match[1], match[2]};
    }
  }
  return std::nullopt;
}

std::string allowed_methods(Resource resource) {
  switch (resource) {
    case Resource::kBase:
    case Resource::kCatalog:
    case Resource::kTags:
    case Resource::kReferrers:
      return "GET, HEAD";
    case Resource::kManifest:
      return "GET, HEAD, PUT, DELETE";
    case Resource::kBlob:
      return "GET, HEAD, DELETE";
    case Resource::kUploads:
      return "POST";
    case Resource::kUpload:
      return "GET, HEAD, PATCH, PUT, DELETE";
  }
  return {};
}

/// What is wrong with the request before any of its content is looked at.
std::optional<Answer> RegistryModel::refuse(const Request& request, const Target& target) const {
  const std::string allowed = ", " + allowed_methods(target.resource) + ",";
  if (allowed.find(", " + request.method + ",") == std::string::npos) {
    Answer refused = error(405, "UNSUPPORTED");
    refused.fields["allow"] = allowed_methods(target.resource);
    return refused;
  }
  const bool manifest = target.resource == Resource::kManifest && request.method == "PUT";
  if (manifest && request.body.size() > profile_.manifest_bytes) {
    return error(413, "MANIFEST_INVALID");
  }
  const bool named = target.resource != Resource::kBase && target.resource != Resource::kCatalog;
  if (named && !is_name(target.name)) return error(400, "NAME_INVALID");
  return std::nullopt;
}

Answer RegistryModel::answer(const Request& request) {
  if (auto early = open(request)) return *std::move(early);
  return finish(request);
}

std::optional<Answer> RegistryModel::open(const Request& request) {
  const auto target = target_of(request);
  std::optional<Answer> early;
  if (!target) {
    early = error(404, "UNSUPPORTED");
  } else if (auto refused = refuse(request, *target)) {
    early = std::move(refused);
  } else if (target->resource == Resource::kUpload &&
             (request.method == "PATCH" || request.method == "PUT")) {
    early = open_upload(request, *target);
  } else {
    early = serve(request, *target);
  }
  if (!early) return early;
  if (request.method == "HEAD") early->body.clear();
  early->fields["docker-distribution-api-version"] = "registry/2.0";
  return early;
}

Answer RegistryModel::finish(const Request& request) {
  Answer result = write_upload(request, *target_of(request));
  result.fields["docker-distribution-api-version"] = "registry/2.0";
  return result;
}

Answer RegistryModel::serve(const Request& request, const Target& target) {
  const bool deletes = request.method == "DELETE";
  switch (target.resource) {
    case Resource::kBase:
      return content({{"content-type", "application/json"}}, "{}");
    case Resource::kCatalog:
      return catalog(request);
    case Resource::kTags:
      return tags(request, target);
    case Resource::kReferrers:
      return referrers(request, target);
    case Resource::kManifest:
      if (request.method == "PUT") return put_manifest(request, target);
      return deletes ? delete_manifest(target) : get_manifest(request, target);
    case Resource::kBlob:
      return deletes ? delete_blob(target) : get_blob(request, target);
    case Resource::kUploads:
      return start_upload(request, target);
    case Resource::kUpload:
      break;
  }
  return deletes ? cancel_upload(target) : upload_status(target);
}

const RegistryModel::Repository* RegistryModel::find(const std::string& repository) const {
  const auto found = repositories_.find(repository);
  return found == repositories_.end() ? nullptr : &found->second;
}

void RegistryModel::adopt(const std::string& name, Repository repository) {
  repositories_[name] = std::move(repository);
}

void RegistryModel::tidy(const std::string& repository) {
  const auto found = repositories_.find(repository);
  if (found != repositories_.end() && found->second.blobs.empty() &&
      found->second.manifests.empty()) {
    repositories_.erase(found);
  }
}

// --- manifests ---

std::vector<Reference> RegistryModel::missing(const std::string& repository,
                                              const ManifestFacts& facts) const {
  using To = Reference::To;
  static const Repository nothing;
  const Repository* found = find(repository);
  const Repository& there = found == nullptr ? nothing : *found;
  std::vector<Reference> result;
  for (const Reference& reference : facts.references) {
    const bool blob = reference.to != To::kManifest && there.blobs.contains(reference.digest);
    const bool manifest = reference.to != To::kBlob && there.manifests.contains(reference.digest);
    if (reference.required && !blob && !manifest) result.push_back(reference);
  }
  return result;
}

bool RegistryModel::sizes_fit(const std::string& repository, const ManifestFacts& facts) const {
  using To = Reference::To;
  const Repository* there = find(repository);
  return there == nullptr || std::ranges::all_of(facts.references, [&](const Reference& reference) {
           const auto blob = there->blobs.find(reference.digest);
           if (reference.to != To::kManifest && blob != there->blobs.end()) {
             return blob->second.size() == reference.size;
           }
           const auto manifest = there->manifests.find(reference.digest);
           return reference.to == To::kBlob || manifest == there->manifests.end() ||
                  manifest->second.bytes.size() == reference.size;
         });
}

bool RegistryModel::is_named(const std::string& repository, const std::string& blob) const {
  const Repository& there = repositories_.at(repository);
  return std::ranges::any_of(there.manifests, [&](const auto& manifest) {
    return std::ranges::any_of(manifest.second.facts.references, [&](const Reference& reference) {
      return reference.to != Reference::To::kManifest && reference.digest == blob;
    });
  });
}

Answer RegistryModel::get_manifest(const Request& request, const Target& target) const {
  const bool by_digest = target.item.find(':') != std::string::npos;
  if (by_digest && !is_digest(target.item)) return error(400, "DIGEST_INVALID");
  const Repository* repository = find(target.name);
  if (repository == nullptr) return error(404, "MANIFEST_UNKNOWN");
  std::string digest = target.item;
  if (!by_digest) {
    const auto tag = repository->tags.find(target.item);
    if (tag == repository->tags.end()) return error(404, "MANIFEST_UNKNOWN");
    digest = tag->second;
  }
  const auto manifest = repository->manifests.find(digest);
  if (manifest == repository->manifests.end()) return error(404, "MANIFEST_UNKNOWN");
  Answer found = content({{"content-type", manifest->second.facts.type},
                          {"docker-content-digest", digest},
                          {"etag", '"' + digest + '"'}},
                         manifest->second.bytes);
  if (client_has(request, digest)) {
    found.status = 304;
    found.body.clear();
  }
  return found;
}

Answer RegistryModel::put_manifest(const Request& request, const Target& target) {
  const bool by_digest = target.item.find(':') != std::string::npos;
  if (by_digest && !is_digest(target.item)) return error(400, "DIGEST_INVALID");
  if (!by_digest && !is_tag(target.item)) return error(400, "NAME_INVALID");
  std::vector<std::string> tags;
  for (const std::string& tag : request.parameters("tag")) {
    if (!is_tag(tag)) return error(400, "NAME_INVALID");
    if (std::ranges::find(tags, tag) == tags.end()) tags.push_back(tag);
  }
  if (!by_digest && !tags.empty()) return error(400, "UNSUPPORTED");
  if (tags.size() > profile_.tags_per_push) return error(414, "MANIFEST_INVALID");

  const std::string algorithm = by_digest ? algorithm_of(target.item) : "sha256";
  const std::string digest = digest_of_bytes(request.body, algorithm.c_str());
  if (by_digest && digest != target.item) return error(400, "DIGEST_INVALID");
  auto facts = read_manifest(request.field("Content-Type").value_or(""), request.body);
  if (!facts) return error(400, "MANIFEST_INVALID");
  if (!sizes_fit(target.name, *facts)) return error(400, "MANIFEST_INVALID");
  std::set<std::string> missing_lines;
  for (const Reference& reference : missing(target.name, *facts))
    missing_lines.insert("MANIFEST_BLOB_UNKNOWN " + reference.digest);
  if (!missing_lines.empty()) {
    std::string lines;
    for (const std::string& line : missing_lines)
      lines += (lines.empty() ? "" : "\n") + line;
    return error(400, lines);
  }

  Repository& repository = repositories_[target.name];
  for (Reference& reference : facts->references) {
    if (reference.to != Reference::To::kEither) continue;
    const bool blob = repository.blobs.contains(reference.digest);
    reference.to = blob ? Reference::To::kBlob : Reference::To::kManifest;
  }
  Answer created = plain(201, {{"location", "/v2/" + target.name + "/manifests/" + digest},
                               {"docker-content-digest", digest},
                               {"etag", '"' + digest + '"'}});
  for (const std::string& tag : tags) {
    std::string& listed = created.fields["oci-tag"];
    listed += (listed.empty() ? "" : ", ") + tag;
  }
  if (facts->subject) {
    created.fields["oci-subject"] = *facts->subject;
    if (!repository.manifests.contains(*facts->subject)) created.fields["warning"] = "299";
  }
  if (!by_digest) tags.push_back(target.item);
  for (const std::string& tag : tags)
    repository.tags[tag] = digest;
  repository.manifests[digest] = {request.body, *std::move(facts)};
  return created;
}

Answer RegistryModel::delete_manifest(const Target& target) {
  const bool by_digest = target.item.find(':') != std::string::npos;
  if (by_digest && !is_digest(target.item)) return error(400, "DIGEST_INVALID");
  if (!by_digest && !profile_.deletes_tags) return error(400, "UNSUPPORTED");
  const auto repository = repositories_.find(target.name);
  if (repository == repositories_.end()) return error(404, "MANIFEST_UNKNOWN");
  auto& [blobs, manifests, tags] = repository->second;
  const std::size_t erased = by_digest ? manifests.erase(target.item) : tags.erase(target.item);
  if (erased == 0) return error(404, "MANIFEST_UNKNOWN");
  std::erase_if(tags, [&](const auto& tag) { return tag.second == target.item; });
  tidy(target.name);
  return plain(202);
}

}  // namespace shale::testing::model

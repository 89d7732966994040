#include "tests/model/traffic.h"

namespace shale::testing::model {

Request Traffic::push_something(const RegistryModel& model) {
  const std::string name = repository();
  return push_missing(model, name, dice_.one_of(universe_.manifests), 0);
}

/// The next step on the way to a manifest in the repository: something that it
/// names, or, when all is there, itself.
Request Traffic::push_missing(const RegistryModel& model, const std::string& repository,
                              const PushableManifest& manifest, int depth) {
  const auto missing = model.missing(repository, manifest.facts);
  if (missing.empty() || dice_.chance(10)) {
    return put_manifest(model, repository, manifest, algorithm(model));
  }
  const std::string digest = dice_.one_of(missing).digest;
  if (const PushableManifest* child = universe_.manifest_of(digest)) {
    if (depth > 5) return put_manifest(model, repository, *child, algorithm_of(digest));
    const bool leaf = model.missing(repository, child->facts).empty();
    return leaf ? put_manifest(model, repository, *child, algorithm_of(digest))
                : push_missing(model, repository, *child, depth + 1);
  }
  const std::string* content = universe_.content_of(digest);
  Request post{"POST", "/v2/" + repository + "/blobs/uploads/", {{"digest", digest}}};
  post.fields = {{"Content-Type", "application/octet-stream"}};
  post.body = content == nullptr ? "" : *content;
  post.chunked = dice_.chance(30);
  return post;
}

Request Traffic::put_manifest(const RegistryModel& model, const std::string& repository,
                              const PushableManifest& manifest, const std::string& algorithm) {
  const bool by_digest = algorithm == "sha512" || dice_.chance(40);
  Request put{"PUT", {}, {}, {{"Content-Type", manifest.type}}, manifest.body};
  put.chunked = dice_.chance(30);
  std::string reference = dice_.one_of(universe_.tags);
  if (by_digest) {
    reference = digest_of_bytes(manifest.body, algorithm.c_str());
    if (model.profile().tag_parameters && dice_.chance(40)) {
      for (std::size_t count = dice_.below(model.profile().tags_per_push + 6); count > 0; --count)
        put.query.emplace_back("tag", dice_.one_of(universe_.tags));
    }
    if (dice_.chance(5)) put.body += " ";  // and then it has another digest
  } else if (model.profile().tag_parameters && dice_.chance(2)) {
    put.query.emplace_back("tag", "v1");
  }
  if (dice_.chance(10)) put.fields[0].second += "; charset=utf-8";
  put.path = manifest_path(repository, reference);
  return put;
}

Request Traffic::put_bad_manifest(const RegistryModel& model) {
  const std::string name = repository();
  if (!model.profile().strict_manifests) {
    return {"PUT", manifest_path(name, "bad"), {}, {{"Content-Type", kOciImage}}, "no JSON"};
  }
  if (dice_.chance(10)) {
    return {"PUT",
            manifest_path(name, "large"),
            {},
            {{"Content-Type", kOciImage}},
            std::string(model.profile().manifest_bytes + 1, ' ')};
  }
  const PushableManifest& bad = dice_.one_of(universe_.bad_manifests);
  const std::string reference =
      dice_.chance(30) ? digest_of_bytes(bad.body) : dice_.one_of(universe_.tags);
  Request put{"PUT", manifest_path(name, reference), {}, {}, bad.body};
  if (!bad.type.empty()) put.fields = {{"Content-Type", bad.type}};
  return put;
}

Request Traffic::get_manifest(const RegistryModel& model) {
  const std::string name = existing_repository(model);
  const RegistryModel::Repository* there = model.find(name);
  std::string reference = dice_.one_of(universe_.tags);
  std::string digest;
  if (dice_.chance(45)) {
    reference = digest = manifest_digest(model, name);
  } else if (there != nullptr && there->tags.contains(reference)) {
    digest = there->tags.at(reference);
  }
  Request get{dice_.chance(40) ? "HEAD" : "GET", manifest_path(name, reference), {}, accept_all()};
  maybe_conditional(get, digest);
  return get;
}

Request Traffic::delete_manifest(const RegistryModel& model) {
  const std::string name = existing_repository(model);
  const bool by_digest = dice_.chance(50);
  return {"DELETE", manifest_path(name, by_digest ? manifest_digest(model, name)
                                                  : dice_.one_of(universe_.tags))};
}

/// Deletes one of all things that are there.
Request Traffic::shrink(const RegistryModel::Repository& repository) {
  if (!repository.manifests.empty()) {
    return {"DELETE", manifest_path(shrinking_, dice_.one_of(repository.manifests).first)};
  }
  return {"DELETE", blob_path(shrinking_, dice_.one_of(repository.blobs).first)};
}

Request Traffic::get_blob(const RegistryModel& model) {
  const std::string name = existing_repository(model);
  const std::string digest = blob_digest(model, name);
  Request get{dice_.chance(30) ? "HEAD" : "GET", blob_path(name, digest)};
  maybe_conditional(get, digest);
  const RegistryModel::Repository* there = model.find(name);
  const bool has = there != nullptr && there->blobs.contains(digest);
  if (get.method == "GET" && has && dice_.chance(55)) {
    const std::string range = range_field(model, there->blobs.at(digest).size());
    if (!range.empty()) get.fields.emplace_back("Range", range);
    if (dice_.chance(15)) {
      const std::string tag = dice_.chance(50) ? digest : digest_of_bytes("other");
      get.fields.emplace_back("If-Range", '"' + tag + '"');
    }
  }
  return get;
}

std::string Traffic::range_field(const RegistryModel& model, std::size_t size) {
  const bool outside = model.profile().checks_ranges;
  if (size == 0 && !outside) return {};
  const auto one = [&] {
    const std::size_t first = dice_.below(size + (outside ? 2 : 0));
    const std::size_t last = first + dice_.below(outside && dice_.chance(10) ? size + 5 : 9);
    switch (dice_.below(4)) {
      case 0:
        return std::to_string(first) + "-";
      case 1:
        return "-" + std::to_string(dice_.below(9) + (outside ? 0 : 1));
      default:
        return std::to_string(first) + "-" + std::to_string(last);
    }
  };
  if (outside && dice_.chance(5)) return "bytes=500-0";
  if (outside && dice_.chance(5)) return dice_.chance(50) ? "bytes=x" : "items=0-1";
  std::string field = "bytes=" + one();
  while (size > 0 && dice_.chance(25))
    field += ", " + one();
  return field;
}

Request Traffic::delete_blob(const RegistryModel& model) {
  const std::string name = existing_repository(model);
  return {"DELETE", blob_path(name, blob_digest(model, name))};
}

}  // namespace shale::testing::model

#include "tests/model/traffic.h"

namespace shale::testing::model {

Request Traffic::next(const RegistryModel& model) {
  using Make = Request (Traffic::*)(const RegistryModel&);
  struct Share {
    unsigned weight;
    Make make;
  };
  static constexpr Share kShares[] = {
      {24, &Traffic::push_something}, {3, &Traffic::put_bad_manifest},
      {10, &Traffic::get_manifest},   {5, &Traffic::delete_manifest},
      {12, &Traffic::get_blob},       {4, &Traffic::delete_blob},
      {7, &Traffic::start_upload},    {5, &Traffic::mount},
      {14, &Traffic::write_upload},   {5, &Traffic::ask_upload},
      {6, &Traffic::list_tags},       {4, &Traffic::list_catalog},
      {8, &Traffic::list_referrers},  {6, &Traffic::nonsense},
  };
  // From time to time a repository is emptied, else none would ever go.
  if (dice_.chance(2)) shrinking_ = repository();
  const RegistryModel::Repository* shrinking = model.find(shrinking_);
  if (shrinking == nullptr) {
    shrinking_.clear();
  } else if (dice_.chance(60)) {
    return shrink(*shrinking);
  }
  std::size_t total = 0;
  for (const Share& share : kShares)
    total += share.weight;
  std::size_t at = dice_.below(total);
  const Share* share = kShares;
  for (; at >= share->weight; ++share)
    at -= share->weight;
  Request request = (this->*share->make)(model);
  request.escaped = dice_.chance(30);
  return request;
}

// --- listings ---

Request Traffic::list_tags(const RegistryModel& model) {
  const std::string name = existing_repository(model);
  Request list{dice_.chance(10) ? "HEAD" : "GET", "/v2/" + name + "/tags/list"};
  maybe_page(list, model, dice_.one_of(universe_.tags));
  return list;
}

Request Traffic::list_catalog(const RegistryModel& model) {
  if (!scope_.alone) return list_tags(model);
  Request list{dice_.chance(10) ? "HEAD" : "GET", "/v2/_catalog"};
  maybe_page(list, model, dice_.one_of(universe_.repositories));
  return list;
}

Request Traffic::list_referrers(const RegistryModel& model) {
  if (!model.profile().referrers) return list_tags(model);
  const std::string name = existing_repository(model);
  std::string subject = manifest_digest(model, name);
  // Look where there is something, most of the time.
  std::vector<std::string> subjects;
  if (const RegistryModel::Repository* there = model.find(name)) {
    for (const auto& [digest, manifest] : there->manifests) {
      if (manifest.facts.subject) subjects.push_back(*manifest.facts.subject);
    }
  }
  if (!subjects.empty() && dice_.chance(80)) subject = dice_.one_of(subjects);
  Request list{dice_.chance(10) ? "HEAD" : "GET", "/v2/" + name + "/referrers/" + subject};
  if (dice_.chance(40)) {
    const std::vector<std::string> types = {kOciConfig, kThing, "application/vnd.oci.empty.v1+json",
                                            "none/such"};
    list.query.emplace_back("artifactType", dice_.one_of(types));
    if (dice_.chance(30)) list.query.emplace_back("artifactType", dice_.one_of(types));
  }
  maybe_page(list, model, manifest_digest(model, name));
  return list;
}

void Traffic::maybe_page(Request& request, const RegistryModel& model, const std::string& last) {
  if (!model.profile().listing_pages) return;
  if (dice_.chance(40)) request.query.emplace_back("n", std::to_string(dice_.below(6)));
  if (dice_.chance(40)) request.query.emplace_back("last", last);
  if (dice_.chance(3)) request.query.emplace_back("n", dice_.chance(50) ? "-1" : "x");
}

// --- what nobody should send ---

Request Traffic::nonsense(const RegistryModel& model) {
  const std::string name = repository();
  const std::string digest = blob_digest(model, name);
  const std::string& bad_name = dice_.one_of(universe_.bad_names);
  const std::string& bad_tag = dice_.one_of(universe_.bad_tags);
  const std::string& bad_digest = dice_.one_of(universe_.bad_digests);
  const std::vector<std::string> reads = {"GET", "HEAD", "DELETE"};
  switch (dice_.below(12)) {
    case 0:
      return {"GET", dice_.chance(50) ? "/v2/" : "/v2"};
    case 1:
      return {"GET", dice_.one_of(universe_.paths_to_nothing)};
    case 2:
      return {"POST", dice_.chance(50) ? "/v2/_catalog" : manifest_path(name, "v1")};
    case 3:
      return {"PATCH", dice_.chance(50) ? blob_path(name, digest) : "/v2/"};
    case 4:
      return {dice_.one_of(reads), manifest_path(bad_name, "v1"), {}, accept_all()};
    case 5:
      return {dice_.one_of(reads), blob_path(bad_name, digest)};
    case 6:
      return {dice_.one_of(reads), manifest_path(name, bad_tag), {}, accept_all()};
    case 7:
      return {"PUT",
              manifest_path(name, dice_.chance(50) || !model.profile().refusals_keep_nothing
                                      ? bad_tag
                                      : bad_digest),
              {},
              {{"Content-Type", kOciImage}},
              universe_.manifests.front().body};
    case 8:
      return {dice_.one_of(reads), blob_path(name, bad_digest)};
    case 9:
      return {dice_.one_of(reads), manifest_path(name, bad_digest), {}, accept_all()};
    case 10:
      return {"GET", "/v2/" + (dice_.chance(50) ? bad_name : "never/there") + "/tags/list"};
    default:
      return {"POST", "/v2/" + bad_name + "/blobs/uploads/"};
  }
}

// --- choices ---

std::string Traffic::repository() {
  return dice_.one_of(scope_.repositories);
}

/// One that exists, most of the time.
std::string Traffic::existing_repository(const RegistryModel& model) {
  std::string name = repository();
  for (int tries = 0; tries < 4 && model.find(name) == nullptr; ++tries)
    name = repository();
  return name;
}

std::string Traffic::algorithm(const RegistryModel& model) {
  return model.profile().sha512 && dice_.chance(15) ? "sha512" : "sha256";
}

std::string Traffic::blob_digest(const RegistryModel& model, const std::string& repository) {
  const RegistryModel::Repository* there = model.find(repository);
  if (there != nullptr && !there->blobs.empty() && dice_.chance(75)) {
    return dice_.one_of(there->blobs).first;
  }
  return digest_of_bytes(dice_.one_of(universe_.contents), algorithm(model).c_str());
}

std::string Traffic::manifest_digest(const RegistryModel& model, const std::string& repository) {
  const RegistryModel::Repository* there = model.find(repository);
  if (there != nullptr && !there->manifests.empty() && dice_.chance(75)) {
    return dice_.one_of(there->manifests).first;
  }
  return digest_of_bytes(dice_.one_of(universe_.manifests).body, algorithm(model).c_str());
}

void Traffic::maybe_conditional(Request& request, const std::string& digest) {
  if (digest.empty() || !dice_.chance(25)) return;
  const std::vector<std::string> values = {"\"" + digest + "\"",
                                           "W/\"" + digest + "\"",
                                           "\"other\", \"" + digest + "\"",
                                           "\"other\"",
                                           "*",
                                           digest};
  request.fields.emplace_back("If-None-Match", dice_.one_of(values));
}

}  // namespace shale::testing::model

#pragma once

#include <string>
#include <vector>

#include "tests/model/exchange.h"
#include "tests/model/registry_model.h"
#include "tests/model/universe.h"

namespace shale::testing::model {

inline std::string manifest_path(const std::string& repository, const std::string& reference) {
  return "/v2/" + repository + "/manifests/" + reference;
}

inline std::string blob_path(const std::string& repository, const std::string& digest) {
  return "/v2/" + repository + "/blobs/" + digest;
}

/// What clients take; docker-registry gives OCI manifests to nobody who does not ask.
inline Pairs accept_all() {
  return {{"Accept", std::string(kOciImage) + ", " + kOciIndex + ", " + kDockerImage + ", " +
                         kDockerList + ", */*"}};
}

/// The repositories that a client uses. Clients at the same time use different
/// ones, for then each can tell its answers whatever the others do.
struct Scope {
  std::vector<std::string> repositories;
  std::vector<std::string> sources;  ///< to mount from, besides; nobody changes them
  bool alone = true;  ///< nobody else does anything, so it may look at the whole registry
};

/// Makes up requests: mostly such as clients send, with a look at the model so
/// that they go on from what is there; sometimes such as nobody should send.
class Traffic {
 public:
  /// `universe` must outlive this.
  Traffic(const Universe& universe, Scope scope, std::uint64_t seed)
      : universe_(universe), scope_(std::move(scope)), dice_(seed) {}

  Request next(const RegistryModel& model);

  /// For what is decided about a request, such as who sends it.
  Dice& dice() { return dice_; }

 private:
  Request push_something(const RegistryModel& model);
  Request push_missing(const RegistryModel& model, const std::string& repository,
                       const PushableManifest& manifest, int depth);
  Request put_manifest(const RegistryModel& model, const std::string& repository,
                       const PushableManifest& manifest, const std::string& algorithm);
  Request put_bad_manifest(const RegistryModel& model);
  Request get_manifest(const RegistryModel& model);
  Request delete_manifest(const RegistryModel& model);
  Request get_blob(const RegistryModel& model);
  Request delete_blob(const RegistryModel& model);
  Request start_upload(const RegistryModel& model);
  Request mount(const RegistryModel& model);
  Request write_upload(const RegistryModel& model);
  Request ask_upload(const RegistryModel& model);
  Request list_tags(const RegistryModel& model);
  Request list_catalog(const RegistryModel& model);
  Request list_referrers(const RegistryModel& model);
  Request nonsense(const RegistryModel& model);
  Request shrink(const RegistryModel::Repository& repository);

  std::string repository();
  std::string existing_repository(const RegistryModel& model);
  std::string blob_digest(const RegistryModel& model, const std::string& repository);
  std::string manifest_digest(const RegistryModel& model, const std::string& repository);
  std::string upload_path(const RegistryModel& model);
  std::string algorithm(const RegistryModel& model);
  std::string content_range(const RegistryModel& model, std::size_t offset, std::size_t length);
  std::string range_field(const RegistryModel& model, std::size_t size);
  void maybe_page(Request& request, const RegistryModel& model, const std::string& last);
  void maybe_conditional(Request& request, const std::string& digest);

  const Universe& universe_;
  Scope scope_;
  Dice dice_;
  std::string shrinking_;  ///< the repository that is being emptied, or none
};

}  // namespace shale::testing::model

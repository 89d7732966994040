#include "server/api/call.h"

#include "auth/robot.h"
#include "server/api/caller.h"

namespace shale::api {

Result<index::RepositoryName> Call::repository() const {
  return index::RepositoryName::parse(target.name);
}

Result<Digest> Call::digest() const {
  return Digest::parse(target.item);
}

std::string Call::actor() const {
  if (caller == nullptr) return request.peer.control ? "operator" : "anonymous";
  if (caller->identity->anonymous()) return "anonymous";
  const auth::Identity& who = *caller->identity;
  return who.kind == auth::Identity::Kind::kRobot ? std::string(auth::kRobotPrefix) + who.name
                                                  : who.name;
}

bool Call::may_pull(const index::RepositoryName& repository) const {
  return caller == nullptr || caller->may(auth::Action::kPull, repository.str());
}

bool Call::may_see(const index::RepositoryName& repository) const {
  return caller == nullptr ||
         caller->policy->allows(*caller->identity, repository.str(), auth::Action::kPull);
}

bool Call::may_administer_all() const {
  return caller == nullptr || caller->may_administer_all();
}

index::TagMoves Call::tag_moves(const index::RepositoryName& repository) const {
  const bool any = caller == nullptr || caller->may(auth::Action::kOverwrite, repository.str());
  return any ? index::TagMoves::kAny : index::TagMoves::kNewOnly;
}

std::string Call::location(std::string_view path) const {
  if (!settings.front.external_url.empty()) return settings.front.external_url + std::string(path);
  if (!settings.absolute_locations) return std::string(path);
  const http::ClientView client = http::client_view(request, settings.front.trusted_proxies);
  if (client.host.empty()) return std::string(path);
  return client.scheme + "://" + client.host + std::string(path);
}

std::string blob_path(const index::RepositoryName& repository, const Digest& digest) {
  return "/v2/" + repository.str() + "/blobs/" + digest.str();
}

std::string manifest_path(const index::RepositoryName& repository, std::string_view reference) {
  return "/v2/" + repository.str() + "/manifests/" + std::string(reference);
}

std::string upload_path(const index::RepositoryName& repository, const UploadId& upload) {
  return "/v2/" + repository.str() + "/blobs/uploads/" + upload.str();
}

}  // namespace shale::api

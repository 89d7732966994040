#include "server/index/policy.h"

#include <utility>

namespace shale::index {

StorePolicy following(std::shared_ptr<const Current<StorePolicy>> current) {
  StorePolicy policy;
  policy.immutable = [current](const RepositoryName& repository, const Tag& tag) {
    const auto now = current->get();
    return now->immutable ? now->immutable(repository, tag) : std::nullopt;
  };
  policy.quotas = [current](const RepositoryName& repository) {
    const auto now = current->get();
    return now->quotas ? now->quotas(repository) : std::vector<Quota>();
  };
  policy.history = [current](const RepositoryName& repository) {
    const auto now = current->get();
    return now->history ? now->history(repository) : std::chrono::milliseconds(0);
  };
  policy.untagged = [current = std::move(current)](const RepositoryName& repository) {
    const auto now = current->get();
    return now->untagged ? now->untagged(repository) : std::nullopt;
  };
  return policy;
}

}  // namespace shale::index

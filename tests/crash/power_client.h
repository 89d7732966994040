#pragma once

#include <cstdint>
#include <optional>
#include <random>
#include <string>

#include "server/registry/registry.h"
#include "tests/crash/power_universe.h"

namespace shale::testing::power {

/// Somebody who pushes, mounts, moves tags and deletes at random. Does not mind
/// when others were faster: only what nothing explains is an error. One thread at
/// a time; `registry` and `universe` must outlive it.
class Client {
 public:
  Client(registry::Registry& registry, const Universe& universe, std::uint64_t seed)
      : registry_(registry), universe_(universe), random_(seed) {}

  /// One request, or the few that one after the other make a push.
  Result<void> step();

  /// Everything that the image `number` needs, then its manifest, by `tag` and by digest.
  Result<void> push_image(const index::RepositoryName& repository, std::size_t number,
                          const index::Tag& tag);

 private:
  Result<void> push_blob(const index::RepositoryName& repository, const Content& blob);
  Result<void> push_in_chunks(const index::RepositoryName& repository, const Content& blob);
  Result<void> push_at_once(const index::RepositoryName& repository, const Content& blob);
  Result<void> push_manifest(const index::RepositoryName& repository, std::size_t number,
                             const index::Tag& tag);
  Result<void> give_up_upload(const index::RepositoryName& repository, const Content& blob);
  Result<void> delete_something(const index::RepositoryName& repository);

  std::size_t below(std::size_t bound) {
    return std::uniform_int_distribution<std::size_t>(0, bound - 1)(random_);
  }
  template <class T>
  const T& any(const std::vector<T>& all) {
    return all[below(all.size())];
  }

  registry::Registry& registry_;
  const Universe& universe_;
  std::mt19937_64 random_;
};

}  // namespace shale::testing::power

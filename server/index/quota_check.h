#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "server/index/metadata_store.h"

namespace shale::index {

/// How much more a namespace would hold.
struct Growth {
  std::int64_t bytes = 0;
  std::int64_t tags = 0;
};

/// Looks at what a commit asks for beside what the quotas leave, for the one error
/// that names every quota in the way. What does not grow is never in the way, also
/// where more is held than a quota that was lowered allows.
class QuotaCheck {
 public:
  /// `used`: by the quota's namespace, before the commit.
  void look_at(const Quota& quota, const Usage& used, const Growth& asked);

  /// `kQuotaExceeded`, one detail with all numbers for each limit that is passed.
  Result<void> verdict() &&;

 private:
  void compare(const std::string& name_space, const char* unit, std::uint64_t limit,
               std::int64_t used, std::int64_t asked);

  std::vector<std::string> details_;
};

/// The namespaces that a repository counts in, from all ("") down to itself.
std::vector<std::string_view> namespaces_of(std::string_view repository);

/// Those of `quotas` that a repository counts in.
std::vector<Quota> covering(const std::vector<Quota>& quotas, const RepositoryName& repository);

/// Whether a repository counts in the namespace.
bool is_below(std::string_view name_space, std::string_view repository);

Usage& operator+=(Usage& sum, const Usage& more);

}  // namespace shale::index

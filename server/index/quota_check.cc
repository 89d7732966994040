#include "server/index/quota_check.h"

#include <utility>

namespace shale::index {

void QuotaCheck::look_at(const Quota& quota, const Usage& used, const Growth& asked) {
  if (quota.bytes) compare(quota.name_space, "bytes", *quota.bytes, used.logical, asked.bytes);
  if (quota.tags) compare(quota.name_space, "tags", *quota.tags, used.tags, asked.tags);
}

void QuotaCheck::compare(const std::string& name_space, const char* unit, std::uint64_t limit,
                         std::int64_t used, std::int64_t asked) {
  if (asked <= 0) {
    return;
  }
  const auto held = static_cast<std::uint64_t>(used < 0 ? 0 : used);
  const auto more = static_cast<std::uint64_t>(asked);
  if (held <= limit && more <= limit - held) {
    return;
  }
  details_.push_back("the namespace " + name_space + " may hold " + std::to_string(limit) + ' ' +
                     unit + " and holds " + std::to_string(held) + ": no room for " +
                     std::to_string(more) + " more");
}

Result<void> QuotaCheck::verdict() && {
  if (details_.empty()) {
    return {};
  }
  std::string message = details_.front();
  return Error{Errc::kQuotaExceeded, std::move(message), std::move(details_)};
}

std::vector<std::string_view> namespaces_of(std::string_view repository) {
  std::vector<std::string_view> namespaces{""};
  for (auto slash = repository.find('/'); slash != std::string_view::npos;
       slash = repository.find('/', slash + 1)) {
    namespaces.push_back(repository.substr(0, slash));
  }
  namespaces.push_back(repository);
  return namespaces;
}

bool is_below(std::string_view name_space, std::string_view repository) {
  return name_space.empty() || repository == name_space ||
         (repository.starts_with(name_space) && repository.at(name_space.size()) == '/');
}

std::vector<Quota> covering(const std::vector<Quota>& quotas, const RepositoryName& repository) {
  std::vector<Quota> those;
  for (const Quota& quota : quotas) {
    if (is_below(quota.name_space, repository.str())) those.push_back(quota);
  }
  return those;
}

Usage& operator+=(Usage& sum, const Usage& more) {
  sum.manifests += more.manifests;
  sum.tags += more.tags;
  sum.blobs += more.blobs;
  sum.logical += more.logical;
  sum.unique += more.unique;
  sum.pinned += more.pinned;
  return sum;
}

}  // namespace shale::index

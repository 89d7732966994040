#include "server/registry/room.h"

#include <algorithm>
#include <utility>

#include "server/index/quota_check.h"
#include "server/registry/registry.h"

namespace shale::registry {

using index::RepositoryName;

Result<void> Room::admit(const RepositoryName& repository, const std::optional<Digest>& digest,
                         std::uint64_t bytes) const {
  const auto options = options_.get();
  index::QuotaCheck check;
  for (const index::Quota& quota : index::covering(options->quotas, repository)) {
    SHALE_TRY_ASSIGN(const index::Usage used, metadata_.usage_below(quota.name_space));
    check.look_at(quota, used, {static_cast<std::int64_t>(bytes), 0});
  }
  Result<void> verdict = std::move(check).verdict();
  if (verdict) return verdict;
  SHALE_TRY_ASSIGN(const bool there, may_be_there(repository, digest, bytes));
  return there ? Result<void>() : std::move(verdict);
}

Result<bool> Room::may_be_there(const RepositoryName& repository,
                                const std::optional<Digest>& digest, std::uint64_t bytes) const {
  constexpr std::size_t kAtOnce = 1000;
  constexpr std::size_t kPages = 10;
  if (digest) {
    const auto link = metadata_.find_blob(repository, *digest);
    if (link || link.error().code == Errc::kBlobUnknown) return link.has_value();
    return link.error();
  }
  SHALE_TRY_ASSIGN(const index::Usage own, metadata_.usage(repository));
  if (own.blobs == 0) return false;
  std::optional<Digest> after;
  for (std::size_t pages = 0; pages < kPages; ++pages) {
    const auto page = metadata_.list_links(repository, after, kAtOnce);
    if (!page) return true;  // the commit will say
    const auto is_as_large = [&](const index::BlobLink& link) { return link.size >= bytes; };
    if (std::ranges::any_of(page->items, is_as_large)) return true;
    if (!page->more || page->items.empty()) return false;
    after = page->items.back().digest;
  }
  return true;
}

}  // namespace shale::registry

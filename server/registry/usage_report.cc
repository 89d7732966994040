#include "server/registry/usage_report.h"

#include <algorithm>
#include <set>
#include <tuple>

#include "server/index/quota_check.h"
#include "server/registry/registry.h"
#include "server/registry/scan_turn.h"

namespace shale::registry {

using index::RepositoryName;

namespace {

constexpr std::size_t kAtOnce = 1000;

/// Keeps the first `limit` by `Before`, however many come.
template <class T, class Before>
class First {
 public:
  First(std::size_t limit, Before before) : limit_(limit), before_(before) {}

  void offer(T item) {
    if (limit_ == 0) return;
    if (heap_.size() == limit_) {
      if (!before_(item, heap_.front())) return;
      std::ranges::pop_heap(heap_, before_);
      heap_.pop_back();
    }
    heap_.push_back(std::move(item));
    std::ranges::push_heap(heap_, before_);
  }

  std::vector<T> take() && {
    std::ranges::sort_heap(heap_, before_);
    return std::move(heap_);
  }

 private:
  std::size_t limit_;
  Before before_;
  std::vector<T> heap_;  // the last one in front
};

}  // namespace

std::uint64_t UsageReport::InFlight::of(const RepositoryName& repository) const {
  const auto found = by_repository.find(repository.str());
  return found == by_repository.end() ? 0 : found->second;
}

std::uint64_t UsageReport::InFlight::below(std::string_view name_space) const {
  std::uint64_t sum = 0;
  for (const auto& [repository, size] : by_repository) {
    if (index::is_below(name_space, repository)) sum += size;
  }
  return sum;
}

Result<UsageReport::InFlight> UsageReport::in_flight() const {
  SHALE_TRY_ASSIGN(const auto rows, metadata_.list_uploads());
  SHALE_TRY_ASSIGN(const auto open, blobs_.open_uploads());
  std::map<UploadId, std::string> owners;
  std::set<UploadId> uploads;
  for (const index::UploadRow& row : rows) {
    owners.emplace(row.id, row.repository.str());
    uploads.insert(row.id);
  }
  InFlight sum;
  for (const OpenUpload& upload : open) {
    uploads.insert(upload.id);
    sum.bytes += upload.offset;
    if (const auto owner = owners.find(upload.id); owner != owners.end()) {
      sum.by_repository[owner->second] += upload.offset;
    }
  }
  sum.uploads = uploads.size();
  return sum;
}

Result<void> UsageReport::each_repository(
    std::string_view name_space,
    const std::function<Result<bool>(const RepositoryName&)>& look) const {
  if (const auto itself = RepositoryName::parse(name_space)) {
    SHALE_TRY_ASSIGN(const bool there, metadata_.repository_exists(*itself));
    if (there) {
      SHALE_TRY_ASSIGN(const bool on, look(*itself));
      if (!on) return {};
    }
  }
  const std::string front = name_space.empty() ? std::string() : std::string(name_space) + '/';
  std::string after = front;
  while (true) {
    SHALE_TRY_ASSIGN(const auto page, metadata_.list_repositories(after, kAtOnce));
    for (const RepositoryName& repository : page.items) {
      if (!repository.str().starts_with(front)) return {};
      SHALE_TRY_ASSIGN(const bool on, look(repository));
      if (!on) return {};
    }
    if (!page.more || page.items.empty()) return {};
    after = page.items.back().str();
  }
}

Result<void> UsageReport::each_holder(
    const Digest& blob, const std::function<Result<bool>(const RepositoryName&)>& look) const {
  std::string after;
  while (true) {
    SHALE_TRY_ASSIGN(const auto page, metadata_.list_repositories_of_blob(blob, after, kAtOnce));
    for (const RepositoryName& repository : page.items) {
      SHALE_TRY_ASSIGN(const bool on, look(repository));
      if (!on) return {};
    }
    if (!page.more || page.items.empty()) return {};
    after = page.items.back().str();
  }
}

Result<RepositoryUsage> UsageReport::of_repository(const RepositoryName& repository) const {
  SHALE_TRY_ASSIGN(const bool there, metadata_.repository_exists(repository));
  if (!there) return Error{Errc::kNameUnknown, "no repository " + repository.str()};
  SHALE_TRY_ASSIGN(const index::Usage usage, metadata_.usage(repository));
  SHALE_TRY_ASSIGN(const InFlight uploads, in_flight());
  return RepositoryUsage{repository, usage, uploads.of(repository)};
}

Result<std::vector<RepositoryUsage>> UsageReport::largest_below(std::string_view name_space,
                                                                std::size_t limit,
                                                                const InFlight& in_flight) const {
  const auto before = [](const RepositoryUsage& one, const RepositoryUsage& other) {
    return std::tie(other.usage.logical, one.repository) <
           std::tie(one.usage.logical, other.repository);
  };
  First<RepositoryUsage, decltype(before)> first(limit, before);
  SHALE_TRY(each_repository(name_space, [&](const RepositoryName& name) -> Result<bool> {
    SHALE_TRY_ASSIGN(const index::Usage usage, metadata_.usage(name));
    first.offer({name, usage, in_flight.of(name)});
    return true;
  }));
  return std::move(first).take();
}

Result<NamespaceUsage> UsageReport::of_namespace(std::string_view name_space,
                                                 std::size_t largest) const {
  SHALE_TRY_ASSIGN(const InFlight uploads, in_flight());
  NamespaceUsage report;
  SHALE_TRY_ASSIGN(report.usage, metadata_.usage_below(name_space));
  report.in_flight = uploads.below(name_space);
  SHALE_TRY_ASSIGN(report.largest, largest_below(name_space, largest, uploads));
  return report;
}

Result<UsageReport::Totals> UsageReport::totals() const {
  Totals totals;
  SHALE_TRY_ASSIGN(totals.stored, metadata_.store_usage());
  SHALE_TRY_ASSIGN(totals.sum, metadata_.usage_below(""));
  return totals;
}

Result<StoreReport> UsageReport::of_store(std::size_t largest) const {
  SHALE_TRY_ASSIGN(const InFlight uploads, in_flight());
  StoreReport report;
  SHALE_TRY_ASSIGN(const Totals all, totals());
  report.stored = all.stored;
  report.sum = all.sum;
  report.in_flight = uploads.bytes;
  report.uploads = uploads.uploads;
  SHALE_TRY_ASSIGN(report.largest, largest_below("", largest, uploads));
  return report;
}

Result<std::vector<QuotaUse>> UsageReport::quotas() const {
  std::vector<QuotaUse> all;
  for (const index::Quota& quota : options_->quotas) {
    SHALE_TRY_ASSIGN(const index::Usage used, metadata_.usage_below(quota.name_space));
    all.push_back({quota, used});
  }
  return all;
}

Result<std::vector<SharedLayer>> UsageReport::most_shared_layers(std::size_t limit) const {
  SHALE_TRY_ASSIGN(const auto turn, take_scan_turn(scans_));
  const auto before = [](const SharedLayer& one, const SharedLayer& other) {
    return std::tie(other.images, other.repositories, other.size, one.digest) <
           std::tie(one.images, one.repositories, one.size, other.digest);
  };
  First<SharedLayer, decltype(before)> first(limit, before);
  std::optional<Digest> after;
  while (true) {
    SHALE_TRY_ASSIGN(const auto page, metadata_.list_blobs(after, kAtOnce));
    for (const index::StoredBlob& blob : page.items) {
      SharedLayer layer{blob.digest, blob.size, 0, 0};
      SHALE_TRY(each_holder(blob.digest, [&](const RepositoryName& name) -> Result<bool> {
        SHALE_TRY_ASSIGN(const auto parents, metadata_.list_parents(name, blob.digest));
        const auto images =
            std::ranges::count(parents, index::EdgeKind::kLayer, &index::Parent::kind);
        layer.images += static_cast<std::size_t>(images);
        layer.repositories += images > 0 ? 1 : 0;
        return true;
      }));
      if (layer.images > 0) first.offer(layer);
    }
    if (!page.more || page.items.empty()) return std::move(first).take();
    after = page.items.back().digest;
  }
}

}  // namespace shale::registry

#include "server/index/rocks/namespaces.h"

#include <algorithm>
#include <cassert>
#include <set>
#include <string>

#include "server/index/quota_check.h"
#include "server/index/rocks/codec.h"
#include "server/index/rocks/commit.h"
#include "server/index/rocks/counters.h"
#include "server/index/rocks/keys.h"
#include "server/index/rocks/state.h"
#include "server/index/rocks/status.h"

namespace shale::index {
namespace rocks {
namespace {

Result<Usage> stored_below(const View& view, std::string_view name_space) {
  SHALE_TRY_ASSIGN(const auto value, view.get(Family::kUsage, keys::of_namespace(name_space)));
  return value ? decode_usage(*value) : Usage{};
}

bool takes_away(const Usage& change) {
  return std::min({change.manifests, change.tags, change.blobs, change.logical, change.unique,
                   change.pinned}) < 0;
}

}  // namespace

NamespaceUsage sum_up(const std::map<std::string, Usage>& by_repository) {
  NamespaceUsage sums;
  for (const auto& [repository, usage] : by_repository) {
    for (const std::string_view name_space : namespaces_of(repository)) {
      sums[std::string(name_space)] += usage;
    }
  }
  return sums;
}

/// Only what takes away can leave a row of zeros, so pushes read nothing here.
Result<void> Commit::settle_namespaces() {
  for (const auto& [name_space, change] : sum_up(usage_)) {
    if (change == Usage{}) {
      continue;
    }
    const std::string key = keys::of_namespace(name_space);
    if (takes_away(change)) {
      SHALE_TRY_ASSIGN(Usage left, stored_below(view_, name_space));
      left += change;
      if (left == Usage{}) {
        erase(Family::kUsage, key);
        continue;
      }
    }
    const rocksdb::Status merged =
        batch_.Merge(view_.database().handle(Family::kUsage), key, encode(change));
    if (!merged.ok()) {
      return to_error(merged, "counting");
    }
  }
  return {};
}

Result<void> Commit::demand_quotas(
    const std::function<std::vector<Quota>(const RepositoryName&)>& quotas) const {
  if (!quotas) {
    return {};
  }
  const NamespaceUsage changes = sum_up(usage_);
  std::set<std::string> seen;  // a quota may cover several repositories of one commit
  QuotaCheck check;
  for (const auto& [name, change] : usage_) {
    if (change.logical <= 0 && change.tags <= 0) {
      continue;
    }
    SHALE_TRY_ASSIGN(const RepositoryName repository, RepositoryName::parse(name));
    for (const Quota& quota : quotas(repository)) {
      const auto asked = changes.find(quota.name_space);
      if (asked == changes.end() || !seen.insert(quota.name_space).second) {
        continue;
      }
      SHALE_TRY_ASSIGN(const Usage used, stored_below(view_, quota.name_space));
      check.look_at(quota, used, {asked->second.logical, asked->second.tags});
    }
  }
  return std::move(check).verdict();
}

Result<void> upgrade_usage(const Database& database) {
  constexpr std::size_t kOldCounters = 5;
  constexpr std::size_t kOldSize = 1 + kOldCounters * sizeof(std::uint64_t);
  const View view(database);
  rocksdb::WriteBatch batch;
  const auto put = [&](const std::string& key, const Usage& usage) -> Result<void> {
    const auto status = batch.Put(database.handle(Family::kUsage), key, encode(usage));
    return status.ok() ? Result<void>() : to_error(status, "counting");
  };
  std::map<std::string, Usage> counted;
  Scan scan(view, Family::kUsage, {});
  for (; scan.valid(); scan.next()) {
    const std::string name(Decoder(scan.key()).terminated());
    if (name.empty() || name.ends_with('/')) {
      continue;  // the store; a namespace that an upgrade cut short has counted
    }
    std::string value(scan.value());
    if (value.size() == kOldSize) {
      value.append(sizeof(std::uint64_t), '\0');
    }
    SHALE_TRY_ASSIGN(counted[name], decode_usage(value));
    SHALE_TRY(put(std::string(scan.key()), counted[name]));
  }
  SHALE_TRY(scan.status());
  for (const auto& [name_space, usage] : sum_up(counted)) {
    SHALE_TRY(put(keys::of_namespace(name_space), usage));
  }
  SHALE_TRY(database.write(batch));
  return database.sync();
}

}  // namespace rocks

Result<Usage> RocksMetadataStore::usage_below(std::string_view name_space) const {
  return rocks::stored_below(rocks::View(*state_->database), name_space);
}

}  // namespace shale::index

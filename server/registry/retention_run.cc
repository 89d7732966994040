#include "server/registry/retention_run.h"

#include <algorithm>
#include <utility>

namespace shale::registry {
namespace {

constexpr std::size_t kPage = 1000;
constexpr const char* kActor = "retention";

Result<Candidate> candidate_of(const index::MetadataStore& metadata, const Rules& rules,
                               const index::RepositoryName& repository,
                               const index::ListedManifest& listed) {
  Candidate candidate{.digest = listed.descriptor.digest,
                      .size = listed.descriptor.size,
                      .pushed = listed.pushed,
                      .pulled = listed.pulled,
                      .tags = {},
                      .parents = {},
                      .immutable = std::nullopt};
  SHALE_TRY_ASSIGN(candidate.tags, metadata.list_tags_of(repository, candidate.digest));
  SHALE_TRY_ASSIGN(candidate.parents, metadata.list_parents(repository, candidate.digest));
  for (const index::Tag& tag : candidate.tags) {
    if (!candidate.immutable) candidate.immutable = rules.immutable(repository, tag);
  }
  return candidate;
}

Result<std::vector<Candidate>> candidates_of(const index::MetadataStore& metadata,
                                             const Rules& rules,
                                             const index::RepositoryName& repository) {
  std::vector<Candidate> candidates;
  std::optional<Digest> after;
  while (true) {
    SHALE_TRY_ASSIGN(const auto page, metadata.list_manifests(repository, after, kPage));
    for (const index::ListedManifest& listed : page.items) {
      SHALE_TRY_ASSIGN(Candidate candidate, candidate_of(metadata, rules, repository, listed));
      candidates.push_back(std::move(candidate));
    }
    if (!page.more || page.items.empty()) return candidates;
    after = page.items.back().descriptor.digest;
  }
}

/// Whether it went; the error is what ends the run.
Result<bool> remove(index::MetadataStore& metadata, const index::RepositoryName& repository,
                    const Candidate& candidate) {
  index::By by(kActor);
  by.as_seen =
      index::AsSeen{.pushed = candidate.pushed, .pulled = candidate.pulled, .tags = candidate.tags};
  const auto done = metadata.delete_manifest(repository, candidate.digest, by);
  if (done) return true;
  switch (done.error().code) {
    case Errc::kManifestUnknown:  // somebody else was quicker
      return true;
    case Errc::kConditionFailed:
    case Errc::kTagImmutable:
      return false;
    default:
      return done.error();
  }
}

}  // namespace

Result<std::vector<Retained>> run_retention(index::MetadataStore& metadata, const Rules& rules,
                                            const index::RepositoryName& repository, Time now,
                                            RunMode mode, const PulledNow& pulled_now) {
  std::vector<Retained> outcome;
  const Retention* retention = rules.retention(repository);
  if (retention == nullptr) return outcome;
  SHALE_TRY_ASSIGN(const auto candidates, candidates_of(metadata, rules, repository));
  std::vector<const Candidate*> spared;
  const auto is_in_use = [&](const Candidate& candidate) {
    // What those that were spared keep does not go either.
    return (pulled_now && pulled_now(repository, candidate.digest)) ||
           std::ranges::any_of(
               spared, [&](const Candidate* other) { return belongs_to(candidate, *other); });
  };
  for (Decision& decision : plan_retention(candidates, *retention, now)) {
    const Candidate& candidate = candidates[decision.candidate];
    Retained retained{candidate, Retained::Fate::kStays, std::move(decision.reason)};
    if (decision.remove && mode == RunMode::kDry) {
      retained.fate = Retained::Fate::kWouldGo;
    } else if (decision.remove) {
      bool goes = !is_in_use(candidate);
      if (goes) {
        SHALE_TRY_ASSIGN(goes, remove(metadata, repository, candidate));
      }
      retained.fate = goes ? Retained::Fate::kWent : Retained::Fate::kSpared;
      if (!goes) {
        spared.push_back(&candidate);
        retained.reason = "it was to go, and is in use again";
      }
    }
    outcome.push_back(std::move(retained));
  }
  return outcome;
}

}  // namespace shale::registry

#include "server/registry/retention.h"

#include <algorithm>
#include <deque>
#include <map>
#include <numeric>
#include <utility>

namespace shale::registry {
namespace {

std::string days(std::chrono::milliseconds span) {
  const auto hours = std::chrono::floor<std::chrono::hours>(span).count();
  return hours >= 48 ? std::to_string(hours / 24) + " days" : std::to_string(hours) + " hours";
}

class Planner {
 public:
  Planner(const std::vector<Candidate>& candidates, const Retention& retention, Time now)
      : candidates_(candidates),
        retention_(retention),
        now_(now),
        reasons_(candidates.size()),
        kept_by_(candidates.size()),
        keeps_(candidates.size()) {
    for (std::size_t i = 0; i < candidates.size(); ++i)
      places_.emplace(candidates[i].digest, i);
    for (std::size_t i = 0; i < candidates.size(); ++i)
      link(i);
    rank();
  }

  std::vector<Decision> run() {
    std::deque<std::size_t> fresh;
    for (std::size_t i = 0; i < candidates_.size(); ++i) {
      reasons_[i] = own_reason(i);
      if (reasons_[i]) fresh.push_back(i);
    }
    for (; !fresh.empty(); fresh.pop_front()) {
      for (const auto& [kept, listed] : keeps_[fresh.front()]) {
        if (reasons_[kept]) continue;
        const std::string& keeper = candidates_[fresh.front()].digest.str();
        reasons_[kept] =
            (listed ? "the index that lists it stays: " : "what it refers to stays: ") + keeper;
        fresh.push_back(kept);
      }
    }
    return decisions();
  }

 private:
  void link(std::size_t place) {
    const Candidate& candidate = candidates_[place];
    for (const index::Parent& parent : candidate.parents) {
      const auto found = places_.find(parent.digest);
      if (found == places_.end()) continue;
      if (parent.kind == index::EdgeKind::kSubject) {
        add(place, found->second, false);
      } else if (index::points_at_manifest(parent.kind)) {
        add(found->second, place, true);
      }
    }
    for (const index::Tag& tag : candidate.tags) {
      const auto subject = attached_to(tag);
      const auto found = subject ? places_.find(*subject) : places_.end();
      if (found != places_.end() && found->second != place) add(found->second, place, false);
    }
  }

  void add(std::size_t keeper, std::size_t kept, bool listed) {
    keeps_[keeper].emplace_back(kept, listed);
    kept_by_[kept].push_back(keeper);
  }

  /// Whether it has a tag that somebody chose, and no other tag made of a digest.
  bool is_tagged(const Candidate& candidate) const {
    return std::ranges::any_of(candidate.tags,
                               [](const index::Tag& tag) { return !attached_to(tag); });
  }

  void rank() {
    std::vector<std::size_t> tagged;
    for (std::size_t i = 0; i < candidates_.size(); ++i) {
      if (is_tagged(candidates_[i])) tagged.push_back(i);
    }
    std::ranges::sort(tagged, [&](std::size_t one, std::size_t other) {
      const auto key = [&](std::size_t i) {
        return std::pair(candidates_[i].pushed, candidates_[i].digest);
      };
      return key(one) > key(other);
    });
    for (std::size_t rank = 0; rank < tagged.size(); ++rank)
      ranks_.emplace(tagged[rank], rank);
  }

  /// Why it stays on its own account; none when it does not.
  std::optional<std::string> own_reason(std::size_t place) const {
    const Candidate& candidate = candidates_[place];
    if (candidate.immutable) return "immutable: " + *candidate.immutable;
    if (const auto pulled = pulled_reason(candidate)) return pulled;
    if (is_tagged(candidate)) return tagged_reason(place);
    if (!kept_by_[place].empty()) return std::nullopt;
    const auto& limit = retention_.untagged_older_than;
    if (!limit) return "it has no tag, and the rule says nothing of those";
    if (now_ - candidate.pushed >= *limit) return std::nullopt;
    return "it has no tag, and was pushed within " + days(*limit);
  }

  std::optional<std::string> pulled_reason(const Candidate& candidate) const {
    const auto& within = retention_.keep_pulled_within;
    if (!within || !candidate.pulled || now_ - *candidate.pulled >= *within) return std::nullopt;
    return "it was pulled within " + days(*within);
  }

  std::optional<std::string> tagged_reason(std::size_t place) const {
    const Retention& rule = retention_;
    if (!rule.keep_last && !rule.keep_pulled_within && !rule.keep_tags && !rule.keep_semver &&
        !rule.keep_nothing) {
      return "it has a tag, and the rule says nothing of those";
    }
    for (const index::Tag& tag : candidates_[place].tags) {
      for (const std::string& pattern : rule.keep_tags.value_or(std::vector<std::string>())) {
        if (tag_matches(pattern, tag.str())) {
          return "its tag " + tag.str() + " is one of " + pattern;
        }
      }
      if (rule.keep_semver && is_semver(tag.str())) return "its tag " + tag.str() + " is a version";
    }
    const std::size_t last = rule.keep_last.value_or(0);
    if (ranks_.at(place) < last) {
      return "it is one of the last " + std::to_string(last) + " that were pushed";
    }
    return std::nullopt;
  }

  std::string removal_reason(std::size_t place) const {
    const Candidate& candidate = candidates_[place];
    if (is_tagged(candidate)) return "no line of the rule keeps it";
    if (!kept_by_[place].empty()) {
      return "what it belongs to goes: " + candidates_[kept_by_[place].front()].digest.str();
    }
    const auto limit = retention_.untagged_older_than.value_or(std::chrono::milliseconds(0));
    return "it has no tag, and is older than " + days(limit);
  }

  std::vector<Decision> decisions() {
    std::vector<Decision> made;
    std::vector<std::size_t> waits(candidates_.size());
    std::deque<std::size_t> ready;
    for (std::size_t i = 0; i < candidates_.size(); ++i) {
      if (const auto& reason = reasons_[i]) {
        made.push_back({i, false, *reason});
        continue;
      }
      waits[i] = kept_by_[i].size();  // all of them go, or it would stay
      if (waits[i] == 0) ready.push_back(i);
    }
    for (; !ready.empty(); ready.pop_front()) {
      made.push_back({ready.front(), true, removal_reason(ready.front())});
      for (const auto& [kept, listed] : keeps_[ready.front()]) {
        if (!reasons_[kept] && --waits[kept] == 0) ready.push_back(kept);
      }
    }
    // Tags can be made to refer to each other in a circle, which digests cannot.
    for (std::size_t i = 0; i < candidates_.size(); ++i) {
      if (!reasons_[i] && waits[i] > 0) made.push_back({i, false, "its tags go in a circle"});
    }
    return made;
  }

  const std::vector<Candidate>& candidates_;
  const Retention& retention_;
  const Time now_;
  std::vector<std::optional<std::string>> reasons_;  ///< why it stays
  std::vector<std::vector<std::size_t>> kept_by_;
  std::vector<std::vector<std::pair<std::size_t, bool>>> keeps_;  ///< whom; whether it lists it
  std::map<Digest, std::size_t> places_;
  std::map<std::size_t, std::size_t> ranks_;  ///< of the tagged ones, 0 is the newest
};

}  // namespace

std::optional<Digest> attached_to(const index::Tag& tag) {
  std::string text = tag.str().substr(0, tag.str().find('.'));
  const auto dash = text.find('-');
  if (dash == std::string::npos) return std::nullopt;
  text[dash] = ':';
  const auto digest = Digest::parse(text);
  return digest ? std::optional(*digest) : std::nullopt;
}

bool belongs_to(const Candidate& one, const Candidate& other) {
  const auto has = [](const Candidate& candidate, index::EdgeKind kind, const Digest& parent) {
    return std::ranges::count(candidate.parents, index::Parent{kind, parent}) > 0;
  };
  return has(one, index::EdgeKind::kManifest, other.digest) ||
         has(other, index::EdgeKind::kSubject, one.digest) ||
         std::ranges::any_of(
             one.tags, [&](const index::Tag& tag) { return attached_to(tag) == other.digest; });
}

std::vector<Decision> plan_retention(const std::vector<Candidate>& candidates,
                                     const Retention& retention, Time now) {
  return Planner(candidates, retention, now).run();
}

}  // namespace shale::registry

#include <algorithm>
#include <map>
#include <set>
#include <utility>
#include <variant>

#include "server/registry/removal.h"
#include "server/registry/retention.h"

namespace shale::registry {
namespace {

using index::EdgeKind;
using index::Tag;

constexpr std::size_t kPage = 1000;
/// So many keepers of one thing are told.
constexpr std::size_t kNamed = 5;

class Planner {
 public:
  Planner(const index::MetadataStore& metadata, const RemovalGoal& goal, const Visible& visible)
      : metadata_(metadata), goal_(goal), repository_(goal.repository), visible_(visible) {}

  Result<Removal> plan() {
    SHALE_TRY(add_roots());
    // NOLINTNEXTLINE(modernize-loop-convert): it grows
    for (std::size_t next = 0; next < removal_.manifests.size(); ++next) {
      SHALE_TRY(consider_around(Digest(removal_.manifests[next].digest)));
    }
    SHALE_TRY(tell_spared());
    for (const auto& [digest, size] : blobs_) {
      SHALE_TRY(judge_blob(digest, size));
    }
    return std::move(removal_);
  }

 private:
  Result<void> add_roots() {
    if (!goal_.reference) return add_everything();
    const auto* tag = std::get_if<Tag>(&*goal_.reference);
    const auto found = metadata_.find_manifest(repository_, *goal_.reference);
    if (!found && found.error().code != Errc::kManifestUnknown) return found.error();
    if (!found) {
      const std::string what =
          tag != nullptr ? "the tag " + tag->str() : std::get<Digest>(*goal_.reference).str();
      const std::string words = what + " is not in " + repository_.str();
      return Error{Errc::kManifestUnknown, words, {words}};
    }
    if (tag != nullptr) {
      SHALE_TRY_ASSIGN(auto keepers, keepers_of(found->digest, tag));
      if (!keepers.empty()) {
        removal_.tags.push_back(*tag);
        removal_.kept.push_back({found->digest, found->size, std::move(keepers)});
        return {};
      }
    }
    return add(*found);
  }

  /// What nothing lists and what refers to nothing comes first, for it keeps the others.
  Result<void> add_everything() {
    SHALE_TRY_ASSIGN(const bool exists, metadata_.repository_exists(repository_));
    if (!exists) {
      const std::string words = "no repository " + repository_.str();
      return Error{Errc::kNameUnknown, words, {words}};
    }
    std::vector<index::Descriptor> kept;
    SHALE_TRY(each_manifest([&](const index::Descriptor& descriptor) -> Result<void> {
      leaving_.insert(descriptor.digest);
      SHALE_TRY_ASSIGN(const bool has_keeper, is_listed_or_refers(descriptor.digest));
      if (!has_keeper) return add(descriptor);
      kept.push_back(descriptor);
      return {};
    }));
    for (const index::Descriptor& descriptor : kept) {
      SHALE_TRY(add(descriptor));
    }
    return add_links();
  }

  Result<void> each_manifest(const std::function<Result<void>(const index::Descriptor&)>& look) {
    std::optional<Digest> after;
    while (true) {
      SHALE_TRY_ASSIGN(const auto page, metadata_.list_manifests(repository_, after, kPage));
      for (const index::ListedManifest& listed : page.items) {
        SHALE_TRY(look(listed.descriptor));
      }
      if (!page.more || page.items.empty()) return {};
      after = page.items.back().descriptor.digest;
    }
  }

  Result<bool> is_listed_or_refers(const Digest& digest) const {
    SHALE_TRY_ASSIGN(const auto parents, metadata_.list_parents(repository_, digest));
    SHALE_TRY_ASSIGN(const auto edges, metadata_.list_edges(repository_, digest));
    return std::ranges::count(parents, EdgeKind::kManifest, &index::Parent::kind) > 0 ||
           std::ranges::count(edges, EdgeKind::kSubject, &index::Edge::kind) > 0;
  }

  /// Blobs of the repository, also those that no manifest names.
  Result<void> add_links() {
    std::optional<Digest> after;
    while (true) {
      SHALE_TRY_ASSIGN(const auto page, metadata_.list_links(repository_, after, kPage));
      for (const index::BlobLink& link : page.items)
        blobs_.emplace(link.digest, link.size);
      if (!page.more || page.items.empty()) return {};
      after = page.items.back().digest;
    }
  }

  Result<void> add(const index::Descriptor& descriptor) {
    leaving_.insert(descriptor.digest);
    SHALE_TRY_ASSIGN(auto tags, metadata_.list_tags_of(repository_, descriptor.digest));
    removal_.tags.insert(removal_.tags.end(), tags.begin(), tags.end());
    removal_.manifests.push_back({descriptor.digest, descriptor.size, std::move(tags)});
    SHALE_TRY_ASSIGN(const bool held, metadata_.is_held_elsewhere(repository_, descriptor.digest));
    if (!held) removal_.bytes += descriptor.size;
    return {};
  }

  /// What the leaving manifest names, and what refers to it.
  Result<void> consider_around(const Digest& leaving) {
    SHALE_TRY_ASSIGN(const auto edges, metadata_.list_edges(repository_, leaving));
    for (const index::Edge& edge : edges) {
      if (edge.kind == EdgeKind::kManifest) {
        SHALE_TRY(consider(edge.target.digest));
      } else if (!index::points_at_manifest(edge.kind)) {
        blobs_.emplace(edge.target.digest, edge.target.size);
      }
    }
    SHALE_TRY_ASSIGN(const auto parents, metadata_.list_parents(repository_, leaving));
    for (const index::Parent& parent : parents) {
      if (parent.kind == EdgeKind::kSubject) SHALE_TRY(consider(parent.digest));
    }
    return consider_attached(leaving);
  }

  Result<void> consider_attached(const Digest& leaving) {
    std::string front = leaving.str();
    front[front.find(':')] = '-';
    // What begins with the digest itself stands right behind this.
    std::string after = front.substr(0, front.size() - 1);
    while (true) {
      SHALE_TRY_ASSIGN(const auto page, metadata_.list_tags(repository_, after, kPage));
      for (const Tag& tag : page.items) {
        if (tag.str().substr(0, front.size()) > front) return {};
        if (attached_to(tag) != leaving) continue;
        SHALE_TRY_ASSIGN(const auto found, metadata_.find_manifest(repository_, tag));
        SHALE_TRY(consider(found.digest));
      }
      if (!page.more || page.items.empty()) return {};
      after = page.items.back().str();
    }
  }

  /// It goes, unless something that stays keeps it. Asked again when more goes.
  Result<void> consider(const Digest& digest) {
    if (leaving_.contains(digest)) return {};
    const auto found = metadata_.find_manifest(repository_, digest);
    if (!found && found.error().code == Errc::kManifestUnknown) return {};
    if (!found) return found.error();
    SHALE_TRY_ASSIGN(const auto keepers, keepers_of(digest, nullptr));
    if (keepers.empty()) return add(*found);
    spared_.insert_or_assign(digest, found->size);
    return {};
  }

  /// Who keeps a manifest when what is leaving, and the tag `but`, are gone.
  Result<std::vector<std::string>> keepers_of(const Digest& digest, const Tag* but) const {
    std::vector<std::string> keepers;
    const auto name = [&](const std::string& text) {
      if (keepers.size() < kNamed) keepers.push_back(text);
    };
    SHALE_TRY_ASSIGN(const auto tags, metadata_.list_tags_of(repository_, digest));
    for (const Tag& tag : tags) {
      if (but != nullptr && tag == *but) continue;
      const auto subject = attached_to(tag);
      if (!subject) {
        name("the tag " + tag.str());
      } else {
        SHALE_TRY_ASSIGN(const bool stays, is_staying(*subject));
        if (stays) name(subject->str() + ", for which it has the tag " + tag.str());
      }
    }
    SHALE_TRY_ASSIGN(const auto parents, metadata_.list_parents(repository_, digest));
    for (const index::Parent& parent : parents) {
      if (parent.kind == EdgeKind::kManifest && !leaving_.contains(parent.digest)) {
        name("the index " + parent.digest.str());
      }
    }
    SHALE_TRY_ASSIGN(const auto edges, metadata_.list_edges(repository_, digest));
    for (const index::Edge& edge : edges) {
      if (edge.kind != EdgeKind::kSubject) continue;
      SHALE_TRY_ASSIGN(const bool stays, is_staying(edge.target.digest));
      if (stays) name(edge.target.digest.str() + ", to which it refers");
    }
    return keepers;
  }

  Result<bool> is_staying(const Digest& digest) const {
    if (leaving_.contains(digest)) return false;
    const auto found = metadata_.find_manifest(repository_, digest);
    if (!found && found.error().code != Errc::kManifestUnknown) return found.error();
    return found.has_value();
  }

  Result<void> tell_spared() {
    for (const auto& [digest, size] : spared_) {
      if (leaving_.contains(digest)) continue;
      SHALE_TRY_ASSIGN(auto keepers, keepers_of(digest, nullptr));
      removal_.kept.push_back({digest, size, std::move(keepers)});
    }
    return {};
  }

  Result<void> judge_blob(const Digest& digest, std::uint64_t size) {
    const auto link = metadata_.find_blob(repository_, digest);
    if (!link && link.error().code == Errc::kBlobUnknown) return {};  // it was never pushed
    if (!link) return link.error();
    std::vector<std::string> keepers;
    SHALE_TRY_ASSIGN(const auto parents, metadata_.list_parents(repository_, digest));
    for (const index::Parent& parent : parents) {
      if (leaving_.contains(parent.digest) || keepers.size() == kNamed) continue;
      SHALE_TRY_ASSIGN(auto name, name_of(parent.digest));
      if (std::ranges::count(keepers, name) == 0) keepers.push_back(std::move(name));
    }
    if (!keepers.empty()) {
      removal_.kept.push_back({digest, size, std::move(keepers)});
      return {};
    }
    removal_.blobs.push_back({digest, size});
    SHALE_TRY(tell_holders(digest, keepers));
    if (keepers.empty()) {
      removal_.bytes += size;
    } else {
      removal_.kept.push_back({digest, size, std::move(keepers)});
    }
    return {};
  }

  /// Who keeps the bytes when the repository shows them no more.
  Result<void> tell_holders(const Digest& digest, std::vector<std::string>& keepers) const {
    SHALE_TRY_ASSIGN(const bool kept, metadata_.is_kept_by_history(repository_, digest));
    if (kept) {
      keepers.emplace_back("the history of " + repository_.str());
    }
    SHALE_TRY_ASSIGN(const bool held, metadata_.is_held_elsewhere(repository_, digest));
    if (!held) return {};
    SHALE_TRY_ASSIGN(const auto page,
                     metadata_.list_repositories_of_blob(digest, {}, kNamed * kNamed));
    const std::size_t before = keepers.size();
    for (const index::RepositoryName& holder : page.items) {
      if (holder != repository_ && visible_(holder) && keepers.size() < kNamed) {
        keepers.emplace_back("the repository " + holder.str());
      }
    }
    if (keepers.size() == before) keepers.emplace_back("another repository");
    return {};
  }

  /// With its tag, where it has one.
  Result<std::string> name_of(const Digest& manifest) const {
    SHALE_TRY_ASSIGN(const auto tags, metadata_.list_tags_of(repository_, manifest));
    std::string name = "the manifest " + manifest.str();
    if (!tags.empty()) name += " (" + tags.front().str() + ')';
    return name;
  }

  const index::MetadataStore& metadata_;
  const RemovalGoal& goal_;
  const index::RepositoryName& repository_;
  const Visible& visible_;
  Removal removal_;
  std::set<Digest> leaving_;
  std::map<Digest, std::uint64_t> spared_;
  std::map<Digest, std::uint64_t> blobs_;  ///< that leaving manifests name
};

}  // namespace

Result<Removal> plan_removal(const index::MetadataStore& metadata, const RemovalGoal& goal,
                             const Visible& visible) {
  return Planner(metadata, goal, visible).plan();
}

}  // namespace shale::registry

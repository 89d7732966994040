#include "server/registry/tag_past.h"

#include <utility>

#include "server/registry/restoring.h"

namespace shale::registry {

using index::Condition;
using index::TagMove;

namespace {

Error unknown(const std::string& words) {
  return {Errc::kManifestUnknown, words, {words}};
}

std::string text_of(const TagName& name) {
  return "the tag " + name.tag.str();
}

Error never_was(const TagName& name) {
  return unknown(text_of(name) + " was never in " + name.repository.str());
}

}  // namespace

Result<std::vector<TagMove>> TagPast::history(const TagName& name, std::size_t limit) const {
  SHALE_TRY_ASSIGN(auto moves, metadata_.tag_history(name.repository, name.tag, limit));
  if (moves.empty() && limit > 0) return never_was(name);
  return moves;
}

Result<TagStood> TagPast::at(const TagName& name, Time at) const {
  SHALE_TRY_ASSIGN(auto move, metadata_.find_move(name.repository, name.tag, at));
  if (move && move->digest) {
    return TagStood{*move->digest, move->time, std::move(move->actor)};
  }
  if (move) return unknown(text_of(name) + " was deleted by then");
  SHALE_TRY(last_move(name));
  return unknown(text_of(name) + " was not there yet");
}

Result<Digest> TagPast::manifest_at(const TagName& name, Time at) const {
  SHALE_TRY_ASSIGN(const TagStood stood, this->at(name, at));
  SHALE_TRY(demand_manifest(name, stood.digest, " then"));
  return stood.digest;
}

Result<index::Page<PastTag>> TagPast::tags(const index::RepositoryName& repository,
                                           std::string_view after, std::size_t limit) const {
  SHALE_TRY_ASSIGN(auto names, metadata_.list_moved_tags(repository, after, limit));
  index::Page<PastTag> page;
  page.more = names.more;
  for (index::Tag& tag : names.items) {
    SHALE_TRY_ASSIGN(TagMove last, last_move({repository, tag}));
    page.items.push_back({std::move(tag), std::move(last)});
  }
  if (!page.items.empty()) return page;
  SHALE_TRY_ASSIGN(const bool exists, metadata_.repository_exists(repository));
  if (exists || !after.empty()) return page;
  SHALE_TRY_ASSIGN(const auto any, metadata_.list_moved_tags(repository, {}, 1));
  if (!any.items.empty()) return page;
  const std::string words = "no repository " + repository.str();
  return Error{Errc::kNameUnknown, words, {words}};
}

Result<TagWent> TagPast::roll_back_to(const TagName& name, const Digest& to, const TagMover& by) {
  SHALE_TRY_ASSIGN(const TagMove last, last_move(name));
  SHALE_TRY(bring_back(name, to, by));
  return move(name, last.digest, to, by, {});
}

Result<TagWent> TagPast::roll_back_to(const TagName& name, Time at, const TagMover& by) {
  SHALE_TRY_ASSIGN(const TagStood stood, this->at(name, at));
  SHALE_TRY(bring_back(name, stood.digest, by));
  SHALE_TRY(demand_manifest(name, stood.digest, " then"));
  return roll_back_to(name, stood.digest, by);
}

Result<TagWent> TagPast::roll_back(const TagName& name, const TagMover& by) {
  SHALE_TRY_ASSIGN(const TagMove last, last_move(name));
  if (!last.digest) {
    return unknown(text_of(name) + " is deleted: restore it, or name the digest or the time");
  }
  SHALE_TRY_ASSIGN(const auto before, last_named(name, last.digest));
  if (!before) return unknown(text_of(name) + " never named another manifest");
  SHALE_TRY(bring_back(name, *before, by));
  SHALE_TRY(demand_manifest(name, *before, " before"));
  return move(name, last.digest, *before, by, {Condition::Kind::kIsOneOf, {*last.digest}});
}

Result<TagWent> TagPast::restore(const TagName& name, const TagMover& by) {
  SHALE_TRY_ASSIGN(const TagMove last, last_move(name));
  if (last.digest) return TagWent{last.digest, *last.digest};
  SHALE_TRY_ASSIGN(const auto to, last_named(name, std::nullopt));
  if (!to) return never_was(name);
  SHALE_TRY(bring_back(name, *to, by));
  SHALE_TRY(demand_manifest(name, *to, " before it was deleted"));
  return move(name, std::nullopt, *to, by, {Condition::Kind::kAbsent, {}});
}

Result<TagMove> TagPast::last_move(const TagName& name) const {
  SHALE_TRY_ASSIGN(auto moves, history(name, 1));
  return std::move(moves.front());
}

/// Most tags need only the first few moves, and a few have very many.
Result<std::optional<Digest>> TagPast::last_named(const TagName& name,
                                                  const std::optional<Digest>& but) const {
  for (std::size_t limit = 16;; limit *= 16) {
    SHALE_TRY_ASSIGN(const auto moves, history(name, limit));
    for (const TagMove& move : moves) {
      if (move.digest && move.digest != but) return move.digest;
    }
    if (moves.size() < limit) return std::optional<Digest>();
  }
}

/// One that was deleted comes back before the tag moves: should the process end between the two,
/// the same request is good once more.
Result<void> TagPast::bring_back(const TagName& name, const Digest& digest, const TagMover& by) {
  SHALE_TRY_ASSIGN(const auto deleted, metadata_.find_deleted(name.repository, digest));
  if (!deleted) return {};
  SHALE_TRY(restore_manifest(metadata_, name.repository, digest, WithTags::kNo, by.actor));
  return {};
}

Result<void> TagPast::demand_manifest(const TagName& name, const Digest& digest,
                                      std::string_view when) const {
  const auto found = metadata_.find_manifest(name.repository, digest);
  if (found) return {};
  if (found.error().code != Errc::kManifestUnknown) return found.error();
  return unknown(text_of(name) + " named " + digest.str() + std::string(when) +
                 ", and that manifest was deleted from " + name.repository.str());
}

Result<TagWent> TagPast::move(const TagName& name, const std::optional<Digest>& from,
                              const Digest& to, const TagMover& by, Condition condition) {
  auto moved = metadata_.move_tag({.repository = name.repository,
                                   .tag = name.tag,
                                   .to = to,
                                   .actor = by.actor,
                                   .tag_moves = by.tag_moves,
                                   .condition = std::move(condition)});
  if (moved) return TagWent{from, to};
  Error error = std::move(moved).error();
  if (error.code == Errc::kManifestUnknown && error.details.empty()) {
    error.details.push_back(to.str() + " is not in " + name.repository.str());
  }
  return error;
}

}  // namespace shale::registry

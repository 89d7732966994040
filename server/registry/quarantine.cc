#include "server/registry/quarantine.h"

#include <array>
#include <ctime>

namespace shale::registry {

Quarantine::Quarantine(const std::vector<Quarantined>& known) {
  auto state = state_.lock();
  for (const Quarantined& blob : known)
    state->since.emplace(blob.digest, blob.since);
  count(*state);
}

void Quarantine::count(const State& state) {
  count_ = state.since.size();
}

std::optional<Time> Quarantine::since(const Digest& digest) const {
  if (count_.load() == 0) return std::nullopt;
  const auto state = state_.lock();
  const auto found = state->since.find(digest);
  return found == state->since.end() ? std::nullopt : std::optional(found->second);
}

void Quarantine::add(const Digest& digest, Time since) {
  auto state = state_.lock();
  state->since.emplace(digest, since);
  count(*state);
}

void Quarantine::remove(const Digest& digest) {
  auto state = state_.lock();
  state->since.erase(digest);
  count(*state);
}

void Quarantine::published(const Digest& digest) {
  if (count_.load() == 0 && !watching_.load()) return;
  auto state = state_.lock();
  if (state->watched == digest) state->published = true;
  state->since.erase(digest);
  count(*state);
}

void Quarantine::watch(const Digest& digest) {
  auto state = state_.lock();
  state->watched = digest;
  state->published = false;
  watching_ = true;
}

bool Quarantine::published_since_watch() const {
  return state_.lock()->published;
}

std::string set_aside_words(const Digest& digest, Time since) {
  const std::time_t seconds = std::chrono::system_clock::to_time_t(since);
  std::tm parts{};
  ::gmtime_r(&seconds, &parts);
  std::array<char, 32> date{};
  std::strftime(date.data(), date.size(), "%Y-%m-%d", &parts);
  return "the bytes of " + digest.str() + " are damaged or lost, and were set aside on " +
         date.data() + ": push the blob again";
}

}  // namespace shale::registry

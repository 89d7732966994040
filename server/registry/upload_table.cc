#include "server/registry/upload_table.h"

#include <utility>
#include <vector>

namespace shale::registry {

namespace {

Error busy(const UploadId& id) {
  return {Errc::kUploadBusy, "upload " + id.str() + " is being written to"};
}

Error cancelled(const UploadId& id) {
  return {Errc::kUploadUnknown, "upload " + id.str() + " is cancelled"};
}

}  // namespace

void UploadTable::Hold::show_offset() noexcept {
  entry_->offset = session_->offset();
}

bool UploadTable::Hold::cancelled() const noexcept {
  return entry_->phase == Phase::kCancelled;
}

bool UploadTable::Hold::close() noexcept {
  Phase phase = Phase::kOpen;
  return entry_->phase.compare_exchange_strong(phase, Phase::kClosed) || phase == Phase::kClosed;
}

Result<UploadTable::Hold> UploadTable::hold(const UploadId& id) {
  auto state = state_.lock();
  const auto found = state->entries.find(id);
  if (found != state->entries.end() && found->second.session == nullptr) {
    return found->second.phase == Phase::kCancelled ? cancelled(id) : busy(id);
  }
  return take(*state, id);
}

Result<std::optional<std::uint64_t>> UploadTable::offset_of_held(const UploadId& id) const {
  const auto state = state_.lock();
  const auto found = state->entries.find(id);
  if (found == state->entries.end() || found->second.session != nullptr) {
    return std::optional<std::uint64_t>();
  }
  const Entry& entry = found->second;
  if (entry.phase == Phase::kCancelled) return cancelled(id);
  const std::uint64_t offset = entry.offset;
  if (offset == Entry::kNoOffset) return busy(id);
  return std::optional(offset);
}

Result<std::optional<UploadTable::Hold>> UploadTable::cancel(const UploadId& id) {
  auto state = state_.lock();
  const auto found = state->entries.find(id);
  if (found == state->entries.end() || found->second.session != nullptr) {
    return std::optional<Hold>(take(*state, id));
  }
  Phase phase = Phase::kOpen;
  if (found->second.phase.compare_exchange_strong(phase, Phase::kCancelled)) {
    return std::optional<Hold>();
  }
  return phase == Phase::kCancelled ? cancelled(id) : busy(id);
}

std::optional<UploadTable::Hold> UploadTable::hold_idle(const UploadId& id, Time before) {
  auto state = state_.lock();
  const auto found = state->entries.find(id);
  if (found != state->entries.end()) {
    const Entry& entry = found->second;
    if (entry.session == nullptr || entry.let_go >= before) return std::nullopt;
  }
  return take(*state, id);
}

UploadTable::Hold UploadTable::take(State& state, const UploadId& id) {
  const auto [place, fresh] = state.entries.try_emplace(id);
  Entry& entry = place->second;
  if (!fresh) {
    state.resting.erase(entry.place);
    state.bytes -= entry.session->memory();
  }
  entry.offset = entry.session == nullptr ? Entry::kNoOffset : entry.session->offset();
  entry.phase = Phase::kOpen;
  return {*this, entry, id, std::move(entry.session)};
}

void UploadTable::release(const UploadId& id, std::unique_ptr<StagedUpload> session) noexcept {
  // Whoever has to tell a client has asked before: see `Uploads::Writer::pause`. What is
  // no good any more is not offered to the next request, which resumes what there is.
  if (session != nullptr && !session->rest()) session.reset();
  // Both end after the lock: they may touch the disk.
  std::vector<std::unique_ptr<StagedUpload>> evicted;
  std::unique_ptr<StagedUpload> cancelled;
  {
    auto state = state_.lock();
    Entry& entry = state->entries.at(id);
    if (session != nullptr && entry.phase != Phase::kCancelled) {
      state->bytes += session->memory();
      entry.session = std::move(session);
      entry.let_go = clock_.now();
      entry.place = state->resting.insert(state->resting.end(), id);
      while (state->resting.size() > bounds_.sessions || state->bytes > bounds_.bytes) {
        evicted.push_back(evict(*state));
      }
    } else {
      state->entries.erase(id);
      cancelled = std::move(session);
    }
  }
  // Bytes may have come after those there were then had been dropped.
  if (cancelled != nullptr) cancelled->drop();
}

std::unique_ptr<StagedUpload> UploadTable::evict(State& state) {
  const auto longest = state.entries.find(state.resting.front());
  std::unique_ptr<StagedUpload> session = std::move(longest->second.session);
  state.bytes -= session->memory();
  state.entries.erase(longest);
  state.resting.pop_front();
  return session;
}

}  // namespace shale::registry

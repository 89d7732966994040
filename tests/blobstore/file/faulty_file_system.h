#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "blobstore/file/file_system.h"
#include "blobstore/guarded.h"

namespace shale::testing {

enum class Call : std::uint8_t {
  kOpen,
  kRead,
  kWrite,
  kTruncate,
  kSetMode,
  kLock,
  kStartWriteBack,
  kFinishWriteBack,
  kSyncData,
  kSync,
  kStatus,
  kStatusAt,
  kMayWrite,
  kFreeSpace,
  kMakeDirectory,
  kRename,
  kUnlink,
  kCount,
};

/// The real file system, but every call is counted and may be made to fail.
/// Thread-safe.
class FaultyFileSystem final : public file::FileSystem {
 public:
  /// From now on `call` fails with the errno `error` and does nothing.
  void fail(Call call, int error) { fail_from(call, 1, error); }
  /// The `nth` such call from now on, and, unless `once`, all that follow it.
  void fail_from(Call call, int nth, int error, bool once = false) {
    auto state = state_.lock();
    state->fault_of(call) = {.error = error, .left = nth - 1, .once = once};
    state->injected = 0;
  }
  void mend(Call call) { state_.lock()->fault_of(call).reset(); }
  void mend_all() { state_.lock()->faults = {}; }
  /// How many calls were made to fail since a fault was last set.
  int injected() const { return state_.lock()->injected; }
  /// A write writes so many bytes at most; the one after those is what fails.
  void shorten_writes(std::optional<std::size_t> bytes) { state_.lock()->write_limit = bytes; }
  /// What the disk is said to have free.
  void set_free_space(std::uint64_t bytes) { state_.lock()->free = bytes; }
  /// Called, outside all locks, after each `call` that did not fail.
  void after(Call call, std::function<void()> hook) {
    auto state = state_.lock();
    state->hooked = call;
    state->hook = std::move(hook);
  }

  int count(Call call) const { return state_.lock()->counts.at(static_cast<std::size_t>(call)); }
  /// All calls that change something or make it last, in their order.
  std::vector<Call> log() const { return state_.lock()->log; }
  void forget_log() { state_.lock()->log.clear(); }

  int open_at(int directory, const char* name, int flags, ::mode_t mode) override {
    return call<int>(Call::kOpen, [&] { return real_.open_at(directory, name, flags, mode); });
  }
  void close(int descriptor) override { real_.close(descriptor); }
  ::ssize_t read_at(int descriptor, std::span<std::byte> into, std::uint64_t offset) override {
    return call<::ssize_t>(Call::kRead, [&] { return real_.read_at(descriptor, into, offset); });
  }
  ::ssize_t write_at(int descriptor, std::span<const std::byte> bytes,
                     std::uint64_t offset) override {
    const auto limit = state_.lock()->write_limit;
    if (limit && *limit > 0) {
      bytes = bytes.first(std::min(bytes.size(), *limit));
      state_.lock()->write_limit = *limit - bytes.size();
      return real_.write_at(descriptor, bytes, offset);
    }
    return call<::ssize_t>(Call::kWrite, [&] { return real_.write_at(descriptor, bytes, offset); });
  }
  int truncate(int descriptor, std::uint64_t size) override {
    return call<int>(Call::kTruncate, [&] { return real_.truncate(descriptor, size); });
  }
  int set_mode(int descriptor, ::mode_t mode) override {
    return call<int>(Call::kSetMode, [&] { return real_.set_mode(descriptor, mode); });
  }
  int lock(int descriptor) override {
    return call<int>(Call::kLock, [&] { return real_.lock(descriptor); });
  }
  int start_write_back(int descriptor, std::uint64_t offset, std::uint64_t length) override {
    return call<int>(Call::kStartWriteBack,
                     [&] { return real_.start_write_back(descriptor, offset, length); });
  }
  int finish_write_back(int descriptor) override {
    return call<int>(Call::kFinishWriteBack, [&] { return real_.finish_write_back(descriptor); });
  }
  int sync_data(int descriptor) override {
    return call<int>(Call::kSyncData, [&] { return real_.sync_data(descriptor); });
  }
  int sync(int descriptor) override {
    return call<int>(Call::kSync, [&] { return real_.sync(descriptor); });
  }
  int status(int descriptor, struct ::stat& status) override {
    return call<int>(Call::kStatus, [&] { return real_.status(descriptor, status); });
  }
  int status_at(int directory, const char* name, struct ::stat& status) override {
    return call<int>(Call::kStatusAt, [&] { return real_.status_at(directory, name, status); });
  }
  int may_write(int directory) override {
    return call<int>(Call::kMayWrite, [&] { return real_.may_write(directory); });
  }
  int free_space(int descriptor, std::uint64_t& free) override {
    return call<int>(Call::kFreeSpace, [&] {
      const int done = real_.free_space(descriptor, free);
      free = state_.lock()->free.value_or(free);
      return done;
    });
  }
  int make_directory_at(int directory, const char* name, ::mode_t mode) override {
    return call<int>(Call::kMakeDirectory,
                     [&] { return real_.make_directory_at(directory, name, mode); });
  }
  int rename_at(int from_directory, const char* from, int to_directory, const char* to) override {
    return call<int>(Call::kRename,
                     [&] { return real_.rename_at(from_directory, from, to_directory, to); });
  }
  int unlink_at(int directory, const char* name) override {
    return call<int>(Call::kUnlink, [&] { return real_.unlink_at(directory, name); });
  }

 private:
  struct Fault {
    int error = 0;
    int left = 0;  ///< calls that go well before it
    bool once = false;
  };
  struct State {
    std::array<int, static_cast<std::size_t>(Call::kCount)> counts{};
    std::array<std::optional<Fault>, static_cast<std::size_t>(Call::kCount)> faults;
    int injected = 0;
    std::optional<std::size_t> write_limit;
    std::optional<std::uint64_t> free;
    std::vector<Call> log;
    Call hooked = Call::kCount;
    std::function<void()> hook;

    std::optional<Fault>& fault_of(Call call) { return faults.at(static_cast<std::size_t>(call)); }

    /// The error that this call gets, if any.
    std::optional<int> strike(Call call) {
      std::optional<Fault>& fault = fault_of(call);
      if (!fault || fault->left-- > 0) return std::nullopt;
      ++injected;
      const int error = fault->error;
      if (fault->once) fault.reset();
      return error;
    }
  };

  template <class Answer, class Real>
  Answer call(Call call, Real real) {
    {
      auto state = state_.lock();
      ++state->counts.at(static_cast<std::size_t>(call));
      if (call != Call::kOpen && call != Call::kRead && call != Call::kStatus &&
          call != Call::kStatusAt) {
        state->log.push_back(call);
      }
      if (const auto error = state->strike(call)) return -*error;
    }
    const Answer answer = real();
    std::function<void()> hook;
    {
      auto state = state_.lock();
      if (state->hooked == call) hook = state->hook;
    }
    if (hook) hook();
    return answer;
  }

  file::FileSystem& real_ = file::posix_file_system();
  mutable Guarded<State> state_;
};

}  // namespace shale::testing

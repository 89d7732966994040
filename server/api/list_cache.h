#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <unordered_map>

#include "blobstore/guarded.h"
#include "server/http/message.h"
#include "server/index/metadata_store.h"

namespace shale::api {

/// Answers with lists, as long as nothing in the store changes: those who watch a
/// repository ask for the same page again and again, and to read it row by row
/// costs ten times what the rest of such a request does. Bounded. Thread-safe.
class ListCache {
 public:
  static constexpr std::size_t kMostBytes = std::size_t{2} << 20;
  /// Longer ones are not kept: each is copied by the event loop.
  static constexpr std::size_t kMostOfOne = std::size_t{64} << 10;
  /// What an answer takes besides its text and the request's: nodes, vectors, header fields.
  static constexpr std::size_t kOverhead = 768;

  explicit ListCache(std::size_t most_bytes = kMostBytes) : most_bytes_(most_bytes) {}

  /// What was kept for `request`, its path and query, of a store whose last commit is `now`.
  std::shared_ptr<const http::Response> find(const std::string& request, index::Sequence now) const;

  /// Keeps an answer that was made after `as_of` was the store's last commit: it may
  /// know more than that, but nothing less. Its body has to be in memory.
  void keep(std::string request, index::Sequence as_of, http::Response response);

 private:
  struct State {
    index::Sequence as_of = 0;  ///< of all of them
    std::size_t bytes = 0;
    std::unordered_map<std::string, std::shared_ptr<const http::Response>> responses;
  };

  const std::size_t most_bytes_;
  Guarded<State> state_;
};

}  // namespace shale::api

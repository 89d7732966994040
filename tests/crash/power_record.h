#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace shale::testing::power {

/// A file or a directory, whatever its name is; never given to another one.
using Node = std::size_t;
inline constexpr Node kRoot = 0;

/// How many operations came before.
using Position = std::size_t;

/// One thing that changed the disk, or that promised to have changed it.
struct Operation {
  enum class Kind : std::uint8_t {
    kEnter,     ///< `child`, a new file or directory, is `name` in `node`
    kRemove,    ///< `name` is gone from `node`
    kRename,    ///< `child` was `name` in `node` and is `to_name` in `to`
    kWrite,     ///< `bytes` at `offset` of `node`
    kTruncate,  ///< `node` has `offset` bytes
    kSynced,    ///< what was done to `node` before `since` survives a power cut
  };
  Kind kind;
  Node node;
  std::string name = {};
  Node child = kRoot;
  Node to = kRoot;
  std::string to_name = {};
  std::uint64_t offset = 0;
  std::string bytes = {};
  Position since = 0;
};

/// Everything that was done below one directory, in its order, and of what kind
/// each node is. The directory itself is the root, and durable.
struct Record {
  enum class Kind : std::uint8_t { kFile, kDirectory };

  std::vector<Operation> operations;
  std::vector<Kind> nodes = {Kind::kDirectory};

  /// The first `position` of them.
  Record until(Position position) const;
  /// What was done around `position`, a line each, for messages.
  std::string around(Position position) const;
};

}  // namespace shale::testing::power

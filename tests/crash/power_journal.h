#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "blobstore/guarded.h"
#include "tests/crash/power_record.h"

namespace shale::testing::power {

/// Where a name is or may be.
struct Place {
  Node directory;
  std::string name;
};

/// The names below one directory as they are now, and the record of how they
/// became so. What is not below it is none of its business: no place, no node.
class Tree {
 public:
  Tree(std::filesystem::path base, Record record);

  /// The place of `path`, absolute or below `from`; none when no such directory is known.
  std::optional<Place> place(std::string_view path, Node from = kRoot) const;
  std::optional<Node> at(const Place& place) const;
  std::optional<Node> find(std::string_view path, Node from = kRoot) const;
  /// Below the base, as it was named last.
  std::string path_of(Node node) const;

  Node enter(const Place& place, Record::Kind kind);
  void remove(const Place& place);
  void rename(const Place& from, const Place& to);
  void write(Node node, std::uint64_t offset, std::string_view bytes);
  void truncate(Node node, std::uint64_t size);
  void synced(Node node, Position since);

  const Record& record() const noexcept { return record_; }

 private:
  void apply(const Operation& done);
  void note(Operation done);

  std::filesystem::path base_;
  Record record_;
  std::map<Node, std::map<std::string, Node, std::less<>>> entries_;
  std::map<Node, Place> named_;
};

/// What both stores do to the disk, as one sequence. Changes are made one at a
/// time, under its lock, so that their order is that of the record; syncs run
/// beside them, and promise only what was there when they began. Thread-safe.
class Journal {
 public:
  /// Of syncs that are said to have happened and do not: by the path below the base.
  using Ignored = std::function<bool(const std::string& path)>;

  /// `base` is what `so_far` has made of an empty directory.
  explicit Journal(std::filesystem::path base, Record so_far = {}, Ignored ignored = {})
      : tree_(Tree(std::move(base), std::move(so_far))), ignored_(std::move(ignored)) {}

  /// Runs `change(Tree&)`, which makes one change to the disk and notes it.
  template <class Change>
  auto change(Change change) {
    auto tree = tree_.lock();
    return change(*tree);
  }

  /// Syncs `node` as far as the record goes. The disk of the test need not.
  void sync(Node node) {
    const Position since = position();
    // Others go on meanwhile, as they do beside a real one; now and then for long.
    const bool slow = since % 5 == 0;
    const Position enough = since + (slow ? kManyOperations : 1);
    for (int turns = slow ? kManyTurns : kTurns; turns > 0 && position() < enough; --turns)
      std::this_thread::yield();
    auto tree = tree_.lock();
    if (ignored_ && ignored_(tree->path_of(node))) return;
    tree->synced(node, since);
  }

  Position position() const { return tree_.lock()->record().operations.size(); }
  Record record() const { return tree_.lock()->record(); }

 private:
  static constexpr int kTurns = 20;
  static constexpr int kManyTurns = 4000;
  static constexpr Position kManyOperations = 40;

  Guarded<Tree> tree_;
  const Ignored ignored_;
};

}  // namespace shale::testing::power

#include "tests/crash/power_state.h"

#include <set>
#include <string>

#include <doctest/doctest.h>

#include "tests/crash/power_journal.h"

/// The disk that the power cuts leave is only worth something if it forgets what
/// it may and keeps what it must.
namespace shale::testing::power {
namespace {

constexpr int kEnough = 300;  // of random states, so that each possible one comes up

/// A record under construction.
struct Steps {
  Tree tree{"/", {}};

  Node make(const char* path, Record::Kind kind = Record::Kind::kFile) {
    return tree.enter(*tree.place(path), kind);
  }
  Node make_directory(const char* path) { return make(path, Record::Kind::kDirectory); }
  void rename(const char* from, const char* to) { tree.rename(*tree.place(from), *tree.place(to)); }
  void sync(Node node) { tree.synced(node, tree.record().operations.size()); }

  Disk cut(Fate fate) {
    return after_power_cut(tree.record(), tree.record().operations.size(), fate, random);
  }
  /// Every content of `path` that comes up; "-" when there is no such file.
  std::set<std::string> contents(const char* path) {
    std::set<std::string> seen;
    for (int i = 0; i < kEnough; ++i) {
      const Disk disk = cut(Fate::kSome);
      const auto file = disk.files.find(path);
      seen.insert(file == disk.files.end() ? "-" : file->second);
    }
    return seen;
  }

 private:
  std::mt19937_64 random{1};
};

TEST_CASE("after_power_cut: what no sync covers may be there or not") {
  Steps steps;
  steps.tree.write(steps.make("file"), 0, "ab");
  CHECK(steps.cut(Fate::kNothing) == Disk{});
  CHECK(steps.cut(Fate::kEverything).files == Disk{{}, {{"file", "ab"}}}.files);
  CHECK(steps.contents("file") == std::set<std::string>{"-", "", "a", "ab"});
}

TEST_CASE("after_power_cut: a sync of a file says nothing of its name") {
  Steps steps;
  const Node file = steps.make("file");
  steps.tree.write(file, 0, "ab");
  steps.sync(file);
  CHECK(steps.contents("file") == std::set<std::string>{"-", "ab"});
  steps.sync(kRoot);
  CHECK(steps.contents("file") == std::set<std::string>{"ab"});
}

TEST_CASE("after_power_cut: a sync covers what was there when it began") {
  Steps steps;
  const Node file = steps.make("file");
  steps.sync(kRoot);
  steps.tree.write(file, 0, "a");
  const Position began = steps.tree.record().operations.size();
  steps.tree.write(file, 1, "b");
  steps.tree.synced(file, began);
  CHECK(steps.contents("file") == std::set<std::string>{"a", {"a\0", 2}, "ab"});
}

TEST_CASE("after_power_cut: pages are lost each for itself, and the last one may be torn") {
  Steps steps;
  const Node file = steps.make("file");
  steps.sync(kRoot);
  steps.tree.write(file, 0, std::string(4096, 'a') + "b");
  const std::string lost(4096, '\0');
  const std::string kept(4096, 'a');
  const auto seen = steps.contents("file");
  for (const std::string& content : {std::string(), lost, kept, lost + "b", kept + "b"})
    CHECK(seen.contains(content));
  for (const std::string& content : seen) {
    const std::string first = content.substr(0, 4096);
    CHECK((first == lost || first == kept.substr(0, first.size())));
  }
}

TEST_CASE("after_power_cut: entries come and go in their order") {
  Steps steps;
  steps.make("first");
  steps.make("second");
  for (int i = 0; i < kEnough; ++i) {
    const Disk disk = steps.cut(Fate::kSome);
    CHECK((!disk.files.contains("second") || disk.files.contains("first")));
  }
}

TEST_CASE("after_power_cut: a file that moves is in one of the two directories") {
  Steps steps;
  const Node from = steps.make_directory("from");
  const Node to = steps.make_directory("to");
  steps.sync(kRoot);
  const Node file = steps.make("from/file");
  steps.tree.write(file, 0, "ab");
  steps.sync(file);
  steps.sync(from);
  steps.rename("from/file", "to/file");
  CHECK(steps.contents("from/file") == std::set<std::string>{"-", "ab"});
  for (int i = 0; i < kEnough; ++i) {
    const Disk disk = steps.cut(Fate::kSome);
    CHECK(disk.files.size() == 1);
  }
  steps.sync(to);
  CHECK(steps.cut(Fate::kNothing).files.begin()->first == "to/file");
}

TEST_CASE("after_power_cut: what is below a directory whose name is lost is lost") {
  Steps steps;
  const Node directory = steps.make_directory("directory");
  const Node file = steps.make("directory/file");
  steps.sync(file);
  steps.sync(directory);
  CHECK(steps.cut(Fate::kNothing) == Disk{});
}

TEST_CASE("record_of: leads to the same disk whatever is lost") {
  const Disk disk{{"a", "a/b"}, {{"a/b/file", "bytes"}, {"other", ""}}};
  const Record record = record_of(disk);
  std::mt19937_64 random(1);
  for (const Fate fate : {Fate::kNothing, Fate::kEverything, Fate::kSome})
    CHECK(after_power_cut(record, record.operations.size(), fate, random) == disk);
}

}  // namespace
}  // namespace shale::testing::power

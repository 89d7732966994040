#include "tests/crash/power_journal.h"

#include <cassert>

namespace shale::testing::power {

Tree::Tree(std::filesystem::path base, Record record)
    : base_(std::move(base)), record_(std::move(record)) {
  for (const Operation& done : record_.operations)
    apply(done);
}

std::optional<Place> Tree::place(std::string_view path, Node from) const {
  std::filesystem::path rest(path);
  if (rest.is_absolute()) {
    rest = rest.lexically_relative(base_);
    from = kRoot;
    if (rest.empty() || *rest.begin() == "..") return std::nullopt;
  }
  rest = rest.lexically_normal();
  if (!rest.has_filename()) rest = rest.parent_path();
  for (const auto& part : rest.parent_path()) {
    const auto next = at({from, part.string()});
    if (!next) return std::nullopt;
    from = *next;
  }
  return Place{from, rest.filename().string()};
}

std::optional<Node> Tree::at(const Place& place) const {
  if (place.name == ".") return place.directory;
  const auto directory = entries_.find(place.directory);
  if (directory == entries_.end()) return std::nullopt;
  const auto entry = directory->second.find(place.name);
  return entry == directory->second.end() ? std::nullopt : std::optional(entry->second);
}

std::optional<Node> Tree::find(std::string_view path, Node from) const {
  const auto where = place(path, from);
  return where ? at(*where) : std::nullopt;
}

std::string Tree::path_of(Node node) const {
  const auto named = named_.find(node);
  if (named == named_.end()) return {};
  const std::string above = path_of(named->second.directory);
  return above.empty() ? named->second.name : above + "/" + named->second.name;
}

Node Tree::enter(const Place& place, Record::Kind kind) {
  const Node child = record_.nodes.size();
  record_.nodes.push_back(kind);
  note({.kind = Operation::Kind::kEnter,
        .node = place.directory,
        .name = place.name,
        .child = child});
  return child;
}

void Tree::remove(const Place& place) {
  note({.kind = Operation::Kind::kRemove, .node = place.directory, .name = place.name});
}

void Tree::rename(const Place& from, const Place& to) {
  const auto child = at(from);
  assert(child);
  note({.kind = Operation::Kind::kRename,
        .node = from.directory,
        .name = from.name,
        .child = *child,
        .to = to.directory,
        .to_name = to.name});
}

void Tree::write(Node node, std::uint64_t offset, std::string_view bytes) {
  note({.kind = Operation::Kind::kWrite,
        .node = node,
        .offset = offset,
        .bytes = std::string(bytes)});
}

void Tree::truncate(Node node, std::uint64_t size) {
  note({.kind = Operation::Kind::kTruncate, .node = node, .offset = size});
}

void Tree::synced(Node node, Position since) {
  note({.kind = Operation::Kind::kSynced, .node = node, .since = since});
}

void Tree::note(Operation done) {
  apply(done);
  record_.operations.push_back(std::move(done));
}

void Tree::apply(const Operation& done) {
  switch (done.kind) {
    case Operation::Kind::kEnter:
      entries_[done.node][done.name] = done.child;
      named_[done.child] = {done.node, done.name};
      return;
    case Operation::Kind::kRemove:
      entries_[done.node].erase(done.name);
      return;
    case Operation::Kind::kRename:
      entries_[done.node].erase(done.name);
      entries_[done.to][done.to_name] = done.child;
      named_[done.child] = {done.to, done.to_name};
      return;
    case Operation::Kind::kWrite:
    case Operation::Kind::kTruncate:
    case Operation::Kind::kSynced:
      return;
  }
}

}  // namespace shale::testing::power

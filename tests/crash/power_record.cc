#include "tests/crash/power_record.h"

#include <algorithm>

namespace shale::testing::power {
namespace {

constexpr Position kShown = 12;

std::string words(const Operation& done) {
  const std::string node = std::to_string(done.node);
  switch (done.kind) {
    case Operation::Kind::kEnter:
      return "make " + done.name + " (" + std::to_string(done.child) + ") in " + node;
    case Operation::Kind::kRemove:
      return "remove " + done.name + " from " + node;
    case Operation::Kind::kRename:
      return "rename " + done.name + " (" + std::to_string(done.child) + ") in " + node + " to " +
             done.to_name + " in " + std::to_string(done.to);
    case Operation::Kind::kWrite:
      return "write " + std::to_string(done.bytes.size()) + " bytes at " +
             std::to_string(done.offset) + " of " + node;
    case Operation::Kind::kTruncate:
      return "truncate " + node + " to " + std::to_string(done.offset);
    case Operation::Kind::kSynced:
      return "sync " + node + ", with all before " + std::to_string(done.since);
  }
  return {};
}

}  // namespace

Record Record::until(Position position) const {
  Record first;
  first.operations.assign(operations.begin(),
                          operations.begin() + static_cast<std::ptrdiff_t>(position));
  first.nodes = nodes;  // those that are not made yet have no name
  return first;
}

std::string Record::around(Position position) const {
  std::string text;
  const Position begin = position > kShown ? position - kShown : 0;
  for (Position at = begin; at < std::min(operations.size(), position + 2); ++at) {
    text += at == position ? "  ---- the cut ----\n" : "";
    text += "  " + std::to_string(at) + ": " + words(operations[at]) + "\n";
  }
  return text;
}

}  // namespace shale::testing::power

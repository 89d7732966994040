#include "server/api/unproved_lines.h"

#include <algorithm>

#include <doctest/doctest.h>

namespace shale::api {
namespace {

using About = UnprovedLines::About;

std::size_t taken(UnprovedLines& lines, std::string_view party, std::size_t tries) {
  std::size_t count = 0;
  for (std::size_t i = 0; i < tries; ++i)
    count += lines.take(party, About::kLogin) ? 1 : 0;
  return count;
}

TEST_CASE("UnprovedLines: each party has its own lines, and new ones in the next window") {
  UnprovedLines lines({.of_one = 3, .of_all = 100, .parties = 10});
  CHECK(taken(lines, "a", 2) == 2);
  CHECK(taken(lines, "a", 5) == 1);
  CHECK(taken(lines, "b", 5) == 3);
  auto suppressed = lines.begin_window();
  std::ranges::sort(suppressed, {}, &UnprovedLines::Suppressed::party);
  REQUIRE(suppressed.size() == 2);
  CHECK(suppressed[0].party == "a");
  CHECK(suppressed[0].count == 4);
  CHECK(suppressed[1].party == "b");
  CHECK(suppressed[1].count == 2);
  CHECK(lines.begin_window().empty());
  CHECK(taken(lines, "a", 5) == 3);
}

TEST_CASE("UnprovedLines: many parties together have a bound, too, and are counted all the same") {
  UnprovedLines lines({.of_one = 3, .of_all = 10, .parties = 1000});
  std::size_t written = 0;
  for (int i = 0; i < 100; ++i)
    written += taken(lines, std::to_string(i), 2);
  CHECK(written == 10);
  std::size_t counted = 0;
  for (const auto& suppressed : lines.begin_window())
    counted += suppressed.count;
  CHECK(counted == 190);
}

TEST_CASE("UnprovedLines: more parties than are kept apart are counted as one") {
  UnprovedLines lines({.of_one = 1, .of_all = 1000, .parties = 5});
  for (int i = 0; i < 100; ++i) {
    lines.take(std::to_string(i), About::kAccess);
    lines.take(std::to_string(i), About::kAccess);
  }
  const auto suppressed = lines.begin_window();
  CHECK(suppressed.size() == 6);
  const auto others = std::ranges::find(suppressed, "", &UnprovedLines::Suppressed::party);
  REQUIRE(others != suppressed.end());
  CHECK(others->count == 189);
}

}  // namespace
}  // namespace shale::api

#include "server/net/memory_budget.h"

#include <doctest/doctest.h>

namespace shale::testing {
namespace {

TEST_CASE("MemoryBudget: gives what is left, all or nothing, and takes it back") {
  net::MemoryBudget budget(100);
  net::MemoryBudget::Share first(budget);
  CHECK(first.take(60));
  {
    net::MemoryBudget::Share second(budget);
    CHECK_FALSE(second.take(41));
    CHECK(second.take(40));
    CHECK(budget.left() == 0);
  }
  CHECK(budget.left() == 40);
  CHECK(first.take(40));
  first = net::MemoryBudget::Share();
  CHECK(budget.left() == 100);
}

TEST_CASE("MemoryBudget: who can do with less leaves half of it to the others") {
  net::MemoryBudget budget(100);
  net::MemoryBudget::Share share(budget);
  CHECK_FALSE(share.take_spare(51));
  CHECK(share.take_spare(50));
  CHECK_FALSE(share.take_spare(1));
  CHECK(share.take(50));
  CHECK_FALSE(share.take_spare(0));
}

}  // namespace
}  // namespace shale::testing

#include "server/net/read_ahead.h"

#include <doctest/doctest.h>

namespace shale::testing {
namespace {

TEST_CASE("ReadAhead: gives its bytes in their order, from the front") {
  net::ReadAhead bytes;
  CHECK(bytes.empty());
  bytes.append("one two");
  bytes.drop(4);
  CHECK(bytes.view() == "two");
  CHECK(bytes.size() == 3);
  bytes.append(" three");
  CHECK(bytes.view() == "two three");
  bytes.drop(9);
  CHECK(bytes.empty());
  CHECK(bytes.view().empty());
}

TEST_CASE("ReadAhead: what stays is not moved when something in front of it is taken") {
  net::ReadAhead bytes;
  bytes.append(std::string(1000, 'x'));
  const char* const last = &bytes.view().back();
  for (int i = 0; i < 999; ++i) {
    bytes.drop(1);
    bytes.append({});
  }
  CHECK(&bytes.view().back() == last);
}

}  // namespace
}  // namespace shale::testing

#include "server/index/referrer_page.h"

#include <string>

#include <doctest/doctest.h>

#include "tests/support/bytes.h"

namespace shale::index {
namespace {

Referrer annotated(const std::string& text) {
  return {{testing::digest_of("a"), "application/json", 1}, "", {{"note", text}}};
}

TEST_CASE("ReferrerPage: bytes are counted as they will be written, which is escaped") {
  ReferrersQuery query;
  query.max_bytes = 1000;
  for (const char c : {'\x01', '\n', '"', '\\'}) {
    CAPTURE(static_cast<int>(c));
    ReferrerPage page(query);
    CHECK(page.offer(annotated(std::string(200, c))));
    CHECK_FALSE(page.offer(annotated(std::string(200, c))));
  }
  ReferrerPage page(query);
  CHECK(page.offer(annotated(std::string(200, 'a'))));
  CHECK(page.offer(annotated(std::string(200, 'a'))));
}

}  // namespace
}  // namespace shale::index

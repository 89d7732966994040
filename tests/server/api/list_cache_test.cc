#include "server/api/list_cache.h"

#include <string>

#include <doctest/doctest.h>

#include "tests/server/api/drivers.h"

namespace shale::testing {
namespace {

http::Response page(const std::string& text) {
  http::Response response;
  response.body.emplace_back(text);
  return response;
}

TEST_CASE("ListCache: an answer holds until the next commit") {
  api::ListCache cache;
  CHECK(cache.find("/a?", 1) == nullptr);
  cache.keep("/a?", 1, page("one"));
  REQUIRE(cache.find("/a?", 1) != nullptr);
  CHECK(cache.find("/a?", 1)->body_length() == 3);
  CHECK(cache.find("/b?", 1) == nullptr);
  CHECK(cache.find("/a?", 2) == nullptr);

  cache.keep("/b?", 2, page("two"));
  CHECK(cache.find("/a?", 2) == nullptr);
  CHECK(cache.find("/b?", 2) != nullptr);
}

TEST_CASE("ListCache: an answer that took long does not come back as a new one") {
  api::ListCache cache;
  cache.keep("/a?", 2, page("new"));
  cache.keep("/a?", 1, page("old"));
  CHECK(cache.find("/a?", 1) == nullptr);
  REQUIRE(cache.find("/a?", 2) != nullptr);
  CHECK(cache.find("/b?", 2) == nullptr);
}

TEST_CASE("ListCache: holds so many bytes and no more") {
  api::ListCache cache(/*most_bytes=*/2 * api::ListCache::kOverhead + 20);
  cache.keep("/a?", 1, page("1234567"));
  cache.keep("/b?", 1, page("1234567"));
  CHECK(cache.find("/a?", 1) != nullptr);
  CHECK(cache.find("/b?", 1) != nullptr);
  cache.keep("/c?", 1, page("1234567"));  // begins anew
  CHECK(cache.find("/a?", 1) == nullptr);
  CHECK(cache.find("/c?", 1) != nullptr);
  cache.keep("/d?", 1, page(std::string(18 + api::ListCache::kOverhead, 'x')));  // never fits
  CHECK(cache.find("/c?", 1) != nullptr);
  CHECK(cache.find("/d?", 1) == nullptr);
}

TEST_CASE_TEMPLATE("Lists: what was asked for before is told anew after each change", Driver,
                   API_DRIVERS) {
  Driver api;
  const auto expect_list = [&](const std::string& target, const std::string& what) {
    for (int time = 0; time < 2; ++time)
      CHECK(api.ask(get(target)).body.find(what) != std::string::npos);
  };
  const std::string tags = "/v2/app/tags/list";
  const std::string first = api.push_image("app", "v1", "one").str();
  expect_list(tags, R"(["v1"])");
  expect_list("/v2/_catalog", R"(["app"])");
  api.push_image("app", "v2", "one");
  expect_list(tags, R"(["v1","v2"])");
  expect_list(tags + "?n=1", R"(["v1"])");
  expect_list(tags + "?last=v1", R"(["v2"])");
  api.push_image("more", "v1", "one");
  expect_list("/v2/_catalog", R"(["app","more"])");
  CHECK(api.ask(del("/v2/app/manifests/v1")).status == 202);
  expect_list(tags, R"(["v2"])");
  expect_list("/v2/app/referrers/" + first, R"("manifests":[])");
}

}  // namespace
}  // namespace shale::testing

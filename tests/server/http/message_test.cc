#include "server/http/message.h"

#include <string_view>
#include <vector>

#include <doctest/doctest.h>

namespace shale::http {
namespace {

Headers sample() {
  Headers headers;
  headers.add("Accept", "a");
  headers.add("Host", "h");
  headers.add("accept", "b");
  return headers;
}

TEST_CASE("Headers: names compare without case and fields keep their order") {
  const Headers headers = sample();
  CHECK(headers.find("ACCEPT") == "a");
  CHECK(headers.find_all("Accept") == std::vector<std::string_view>{"a", "b"});
  CHECK_FALSE(headers.find("Accep"));
  CHECK(headers.find_all("X").empty());
}

TEST_CASE("Headers: set replaces every field of that name") {
  Headers headers = sample();
  headers.set("ACCEPT", "c");
  CHECK(headers.find_all("accept") == std::vector<std::string_view>{"c"});
  CHECK(headers.size() == 2);
}

TEST_CASE("Headers: remove leaves the others") {
  Headers headers = sample();
  headers.remove("aCCept");
  CHECK(headers.size() == 1);
  CHECK(headers.find("host") == "h");
}

TEST_CASE("Response: the body's length is that of all pieces") {
  Response response;
  CHECK(response.body_length() == 0);
  response.body.emplace_back("four");
  response.body.emplace_back(FileSlice{.owner = {}, .descriptor = -1, .offset = 7, .length = 38});
  CHECK(response.body_length() == 42);
}

TEST_CASE("method_name: each method by its wire name") {
  CHECK(method_name(Method::kGet) == "GET");
  CHECK(method_name(Method::kHead) == "HEAD");
  CHECK(method_name(Method::kPost) == "POST");
  CHECK(method_name(Method::kPut) == "PUT");
  CHECK(method_name(Method::kPatch) == "PATCH");
  CHECK(method_name(Method::kDelete) == "DELETE");
  CHECK(method_name(Method::kOptions) == "OPTIONS");
}

}  // namespace
}  // namespace shale::http

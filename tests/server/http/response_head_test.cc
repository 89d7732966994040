#include "server/http/response_head.h"

#include <ctime>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

namespace shale::http {
namespace {

Response answer(int status, std::string body = {}) {
  Response response;
  response.status = status;
  if (!body.empty()) response.body.emplace_back(std::move(body));
  return response;
}

TEST_CASE("serialize_head: status, fields, length and date") {
  Response response = answer(200, "hello");
  response.headers.add("Content-Type", "text/plain");
  response.body.emplace_back(FileSlice{.owner = {}, .descriptor = -1, .offset = 0, .length = 10});
  CHECK(serialize_head(response, true, 1, "Sun, 06 Nov 1994 08:49:37 GMT") ==
        "HTTP/1.1 200 OK\r\n"
        "Content-Type: text/plain\r\n"
        "Content-Length: 15\r\n"
        "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n\r\n");
}

TEST_CASE("serialize_head: an empty body has length 0") {
  CHECK(serialize_head(answer(404), true, 1, "") ==
        "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n");
}

TEST_CASE("serialize_head: an answer to HEAD tells the length that GET would have") {
  Response response = answer(200);
  response.content_length = 18446744073709551615U;
  CHECK(serialize_head(response, true, 1, "") ==
        "HTTP/1.1 200 OK\r\nContent-Length: 18446744073709551615\r\n\r\n");
  response.content_length = 0;
  CHECK(serialize_head(response, true, 1, "") == "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
}

TEST_CASE("serialize_head: 204 has no length and 304 only a given one") {
  CHECK(serialize_head(answer(204), true, 1, "") == "HTTP/1.1 204 No Content\r\n\r\n");
  Response response = answer(304);
  CHECK(serialize_head(response, true, 1, "") == "HTTP/1.1 304 Not Modified\r\n\r\n");
  response.content_length = 7;
  CHECK(serialize_head(response, true, 1, "") ==
        "HTTP/1.1 304 Not Modified\r\nContent-Length: 7\r\n\r\n");
}

TEST_CASE("serialize_head: the connection's fate is told where it is not the default") {
  Response response = answer(204);
  const std::string status = "HTTP/1.1 204 No Content\r\n";
  CHECK(serialize_head(response, true, 1, "") == status + "\r\n");
  CHECK(serialize_head(response, true, 0, "") == status + "Connection: keep-alive\r\n\r\n");
  CHECK(serialize_head(response, false, 1, "") == status + "Connection: close\r\n\r\n");
  CHECK(serialize_head(response, false, 0, "") == status + "Connection: close\r\n\r\n");
  response.close = true;
  CHECK(serialize_head(response, true, 1, "") == status + "Connection: close\r\n\r\n");
}

TEST_CASE("serialize_head: no value can begin a line of its own") {
  for (const std::string& evil :
       {std::string("a\r\nSet-Cookie: b"), std::string("a\nSet-Cookie: b"),
        std::string("a\rSet-Cookie: b"), std::string("a\0Set-Cookie: b", 15),
        std::string("a\r\n\r\n<body>"), std::string("a\x7f")}) {
    CAPTURE(evil);
    Response response = answer(204);
    response.headers.add("Location", evil);
    const std::string head = serialize_head(response, true, 1, "");
    const std::string_view value = std::string_view(head).substr(
        std::string_view("HTTP/1.1 204 No Content\r\nLocation: ").size(), evil.size());
    CHECK(value.find_first_of(std::string("\r\n\0\x7f", 4)) == std::string_view::npos);
    CHECK(head.ends_with("\r\n\r\n"));
    CHECK(head.size() ==
          std::string_view("HTTP/1.1 204 No Content\r\nLocation: \r\n\r\n").size() + evil.size());
  }
}

TEST_CASE("http_date: IMF-fixdate, leap days and the edges of a day") {
  const std::vector<std::pair<std::time_t, std::string_view>> table = {
      {0, "Thu, 01 Jan 1970 00:00:00 GMT"},          {784111777, "Sun, 06 Nov 1994 08:49:37 GMT"},
      {951782399, "Mon, 28 Feb 2000 23:59:59 GMT"},  {951782400, "Tue, 29 Feb 2000 00:00:00 GMT"},
      {4102444799, "Thu, 31 Dec 2099 23:59:59 GMT"},
  };
  for (const auto& [time, text] : table)
    CHECK(http_date(time) == text);
}

TEST_CASE("reason_phrase: a status without a name still makes a status line") {
  CHECK(reason_phrase(416) == "Range Not Satisfiable");
  CHECK(reason_phrase(599) == "Unknown");
}

}  // namespace
}  // namespace shale::http

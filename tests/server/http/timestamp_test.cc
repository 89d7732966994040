#include "server/http/timestamp.h"

#include <string>

#include <doctest/doctest.h>

namespace shale::http {
namespace {

std::string again(std::string_view text) {
  const auto time = parse_timestamp(text);
  return time ? format_timestamp(*time) : "none";
}

TEST_CASE("Timestamp: what RFC 3339 allows is read, to the millisecond") {
  CHECK(parse_timestamp("1970-01-01T00:00:00Z") == Timestamp());
  CHECK(again("2023-11-14T22:13:20Z") == "2023-11-14T22:13:20.000Z");
  CHECK(again("2023-11-14t22:13:20z") == "2023-11-14T22:13:20.000Z");
  CHECK(again("2023-11-14 22:13:20Z") == "2023-11-14T22:13:20.000Z");
  CHECK(again("2023-11-14T22:13:20.5Z") == "2023-11-14T22:13:20.500Z");
  CHECK(again("2023-11-14T22:13:20.123999999Z") == "2023-11-14T22:13:20.123Z");
  CHECK(again("2023-11-14T22:13:20.000000000000000000001Z") == "2023-11-14T22:13:20.000Z");
  CHECK(again("2024-01-01T00:30:00+01:00") == "2023-12-31T23:30:00.000Z");
  CHECK(again("2023-12-31T23:30:00-00:45") == "2024-01-01T00:15:00.000Z");
  CHECK(again("2016-12-31T23:59:60Z") == "2017-01-01T00:00:00.000Z");
  CHECK(again("2024-02-29T00:00:00Z") == "2024-02-29T00:00:00.000Z");
  CHECK(again("0001-01-01T00:00:00Z") == "0001-01-01T00:00:00.000Z");
  CHECK(again("9999-12-31T23:59:59.999Z") == "9999-12-31T23:59:59.999Z");
  CHECK(again("1969-12-31T23:59:59.999Z") == "1969-12-31T23:59:59.999Z");
}

TEST_CASE("Timestamp: anything else is none") {
  for (const std::string_view text : {"",
                                      "now",
                                      "2023",
                                      "2023-11-14",
                                      "2023-11-14T22:13Z",
                                      "2023-11-14T22:13:20",
                                      "2023-11-14T22:13:20ZZ",
                                      "2023-11-14T22:13:20 Z",
                                      " 2023-11-14T22:13:20Z",
                                      "2023-11-14T22:13:20Z ",
                                      "2023-02-29T00:00:00Z",
                                      "2023-13-01T00:00:00Z",
                                      "2023-00-01T00:00:00Z",
                                      "2023-01-00T00:00:00Z",
                                      "2023-01-01T24:00:00Z",
                                      "2023-01-01T00:60:00Z",
                                      "2023-01-01T00:00:61Z",
                                      "2023-01-01T00:00:00.Z",
                                      "2023-01-01T00:00:00+1:00",
                                      "2023-01-01T00:00:00+01",
                                      "2023-01-01T00:00:00+24:00",
                                      "-023-01-01T00:00:00Z",
                                      "+2023-01-01T00:00:00Z",
                                      "12023-01-01T00:00:00Z",
                                      "2023-1-1T00:00:00Z",
                                      "1700000000"}) {
    CAPTURE(text);
    CHECK_FALSE(parse_timestamp(text));
  }
}

}  // namespace
}  // namespace shale::http

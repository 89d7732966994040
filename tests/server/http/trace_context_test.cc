#include "server/http/trace_context.h"

#include <string>

#include <doctest/doctest.h>

namespace shale::http {
namespace {

constexpr std::string_view kGood = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

TEST_CASE("parse_traceparent: a well-formed field gives the trace and the parent") {
  const auto context = parse_traceparent(kGood);
  REQUIRE(context);
  CHECK(context->trace_id == "4bf92f3577b34da6a3ce929d0e0e4736");
  CHECK(context->parent_id == "00f067aa0ba902b7");
}

TEST_CASE("parse_traceparent: a later version may say more, and version 00 may not") {
  const std::string later = "01" + std::string(kGood.substr(2));
  CHECK(parse_traceparent(later));
  CHECK(parse_traceparent(later + "-more"));
  CHECK_FALSE(parse_traceparent(later + "more"));
  CHECK_FALSE(parse_traceparent(std::string(kGood) + "-more"));
}

TEST_CASE("parse_traceparent: what is malformed counts as not sent") {
  for (std::size_t length = 0; length < kGood.size(); ++length)
    CHECK_FALSE(parse_traceparent(kGood.substr(0, length)));
  for (const std::string_view field : {"ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
                                       "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
                                       "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
                                       "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
                                       "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-0g",
                                       "00_4bf92f3577b34da6a3ce929d0e0e4736_00f067aa0ba902b7_01",
                                       "0x-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"}) {
    CAPTURE(field);
    CHECK_FALSE(parse_traceparent(field));
  }
}

}  // namespace
}  // namespace shale::http

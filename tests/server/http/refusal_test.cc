#include "server/http/refusal.h"

#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include "server/http/response_head.h"

namespace shale::http {
namespace {

TEST_CASE("Refusal: each has its status and words of its own") {
  const std::vector<std::pair<Refusal, int>> table = {
      {Refusal::kMalformedHead, 400},
      {Refusal::kMalformedTarget, 400},
      {Refusal::kMalformedBody, 400},
      {Refusal::kConflictingLength, 400},
      {Refusal::kUnsupportedCoding, 501},
      {Refusal::kMissingHost, 400},
      {Refusal::kUnsupportedVersion, 505},
      {Refusal::kTargetTooLong, 414},
      {Refusal::kHeadTooLarge, 431},
      {Refusal::kBodyTooLarge, 413},
      {Refusal::kExpectationUnknown, 417},
      {Refusal::kHeadTimeout, 408},
      {Refusal::kBodyTimeout, 408},
      {Refusal::kTooManyConnections, 503},
      {Refusal::kOverloaded, 503},
      {Refusal::kInternal, 500},
      {Refusal::kTlsOnly, 400},
  };
  for (const auto& [refusal, status] : table) {
    CAPTURE(status);
    CHECK(status_of(refusal) == status);
    CHECK(reason_phrase(status) != "Unknown");
    for (const auto& [other, other_status] : table) {
      CHECK((other == refusal) == (text_of(other) == text_of(refusal)));
    }
  }
}

}  // namespace
}  // namespace shale::http

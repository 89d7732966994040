#pragma once

#include <string>

#include <doctest/doctest.h>

#include "blobstore/result.h"

namespace shale::testing {

/// Why `result` failed. Ends the test when it did not.
template <class T>
Errc error_code(const Result<T>& result) {
  REQUIRE_FALSE(result.has_value());
  return result.error().code;
}

/// What the log would say. Ends the test when `result` did not fail.
template <class T>
std::string error_message(const Result<T>& result) {
  REQUIRE_FALSE(result.has_value());
  return result.error().message;
}

/// The value of `result`. Ends the test, with the reason, when there is none.
template <class T>
T value(Result<T> result) {
  INFO("error: ", result.has_value() ? std::string() : result.error().message);
  REQUIRE(result.has_value());
  return *std::move(result);
}

}  // namespace shale::testing

#pragma once

#include <string>
#include <variant>

namespace shale::config {

/// What is wrong with a text, and what to write instead: the end of an error message.
struct Wrong {
  std::string why;
};

/// A value read from text, or why there is none.
template <class T>
using Parsed = std::variant<T, Wrong>;

}  // namespace shale::config

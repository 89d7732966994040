#pragma once

#include <cstddef>
#include <string_view>
#include <variant>

#include "server/http/head_parser.h"
#include "server/http/refusal.h"

namespace shale::http {

/// Where a complete head lies in the input: from its request line to just after
/// the empty line that ends it.
struct HeadExtent {
  std::size_t begin = 0;
  std::size_t end = 0;
  std::size_t fields = 0;
};

/// Reads the head byte by byte for its syntax and size alone. The first fault
/// in the order of the bytes decides, so that the answer never depends on how
/// the network cut the input, and a head that cannot become valid any more (TLS
/// on a plain port, for one) is refused before its end arrives.
std::variant<NeedMore, HeadExtent, Refusal> screen_head(std::string_view bytes,
                                                        const HeadLimits& limits);

}  // namespace shale::http

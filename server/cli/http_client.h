#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "server/net/wire.h"

namespace shale::cli {

using HttpFields = std::vector<std::pair<std::string, std::string>>;

/// What is asked of a server.
struct HttpRequest {
  enum class Sending : std::uint8_t {
    kWhole,     ///< with a Content-Length
    kChunked,   ///< without one
    kWithheld,  ///< announced, and not sent before there is an answer: nor afterwards
  };

  std::string method = "GET";
  std::string target = "/";
  // NOLINTBEGIN(readability-redundant-member-init): else g++ wants them named everywhere.
  std::string host = "localhost";
  HttpFields fields = {};
  std::string body = {};
  // NOLINTEND(readability-redundant-member-init)
  Sending sending = Sending::kWhole;
};

struct HttpAnswer {
  int status = 0;
  HttpFields fields;
  std::string body;

  bool fine() const noexcept { return status >= 200 && status < 300; }
  /// The first field of that name, in any case; empty when there is none.
  std::string field(std::string_view name) const;
  std::vector<std::string> all(std::string_view name) const;
  /// The words of an error in the registry's form, one line each; empty when it has none.
  std::string words() const;
};

/// Sends one request, the last of this connection, and waits for the whole answer. Or says
/// what went wrong.
std::variant<HttpAnswer, std::string> exchange(net::Wire& wire, const HttpRequest& request);

}  // namespace shale::cli

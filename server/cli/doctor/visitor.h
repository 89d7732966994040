#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <utility>
#include <variant>

#include "server/cli/doctor/origin.h"
#include "server/cli/http_client.h"
#include "server/net/tls_caller.h"

namespace shale::cli::doctor {

struct Login {
  std::string user;
  std::string password;

  /// The value of an Authorization field.
  std::string basic() const;
};

/// A client of one registry, with a connection of its own for each request, whose certificate
/// is judged each time: somebody on the way may let one pass and take the next. Takes any of the
/// registry as long as `meet` found none good and no Authorization is sent.
class Visitor {
 public:
  using Answer = std::variant<HttpAnswer, std::string>;  ///< or why there is none

  struct Meeting {
    net::Dialed dialed;
    std::optional<net::ChainJudgement> chain;  ///< in TLS
    std::string fault;                         ///< why there is no TLS; empty: all went well
  };

  Visitor(Origin origin, net::TlsCaller tls, std::chrono::milliseconds limit)
      : origin_(std::move(origin)), tls_(std::move(tls)), limit_(limit) {}

  const Origin& origin() const noexcept { return origin_; }

  /// Connects, and asks nothing. Once the certificate was found good, only good ones are taken.
  std::variant<Meeting, std::string> meet();

  /// What requests to the registry say in Authorization from now on.
  void authorize(std::string value) { authorization_ = std::move(value); }

  Answer ask(HttpRequest request) const { return ask_within(std::move(request), limit_); }
  Answer ask_within(HttpRequest request, std::chrono::milliseconds limit) const;
  /// Asks somebody else, who is told nothing but what stands in the request, and that only
  /// when the certificate is good.
  Answer ask_at(const Origin& other, HttpRequest request) const;

 private:
  Answer send(const Origin& to, HttpRequest request, std::chrono::milliseconds limit) const;

  Origin origin_;
  net::TlsCaller tls_;
  std::chrono::milliseconds limit_;
  std::string authorization_;
  bool trusted_ = false;  ///< a good certificate was seen
};

}  // namespace shale::cli::doctor

#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>

#include "server/http/message.h"
#include "server/http/refusal.h"

namespace shale::http {

/// Takes one request body, piece by piece, and then answers. Called by one
/// thread at a time, on the pool, so it may block. Destroyed without `finish`
/// when the client went away.
class BodySink {
 public:
  virtual ~BodySink() = default;

  /// A response here refuses the rest of the body.
  virtual std::optional<Response> append(std::span<const std::byte> bytes) = 0;
  virtual Response finish() = 0;
};

using Opened = std::variant<Response, std::unique_ptr<BodySink>>;

/// What is to happen with a request, decided from its head alone.
struct Plan {
  /// The handler only does point reads, so it may run on the event loop.
  struct OnWorker {
    std::function<Response(const Request&)> respond;
  };
  /// The handler may sync, scan or wait. A body up to `body_limit` bytes is
  /// gathered into the request first; a longer one is refused with 413.
  struct OnPool {
    std::function<Response(const Request&)> respond;
    std::size_t body_limit = 0;
    /// Where it is set, it runs on the pool before any of the body is asked for; a
    /// response refuses the request unread.
    // NOLINTNEXTLINE(readability-redundant-member-init): may be left out
    std::function<std::optional<Response>(const Request&)> admit = {};
  };
  /// The body is streamed into the sink that `open` gives, or refused unread.
  /// `open` runs on the pool.
  struct Stream {
    std::function<Opened(const Request&)> open;
  };
  std::variant<OnWorker, OnPool, Stream> how;
  /// Whatever waits does so on threads that the work of others cannot hold up. For what tells
  /// how the server is; at most a few at a time.
  bool aside = false;
  /// Of the application alone. Comes back in `Exchange`.
  // NOLINTNEXTLINE(readability-redundant-member-init): may be left out
  std::shared_ptr<const void> context = {};
};

/// What is told of a request when its answer has left or the client has.
struct Exchange {
  const Request& request;
  int status = 0;
  std::uint64_t bytes_in = 0;   ///< of the request body
  std::uint64_t bytes_out = 0;  ///< of the response body
  std::chrono::nanoseconds duration{};
  bool complete = false;          ///< false: the connection broke first
  std::string_view log_message;   ///< `Response::log_message`
  const void* context = nullptr;  ///< `Plan::context`; null where there is no plan
  bool settled = true;  ///< false: the client left while a handler was, and still is, at it
};

/// The program behind the server. Every call may come from any thread.
class Application {
 public:
  virtual ~Application() = default;

  /// The id that `request` came with, if it is to keep it; empty: it gets a fresh one.
  /// Quick, as `plan`, which is called next.
  virtual std::string given_id(const Request& /*request*/) { return {}; }

  /// Quick and without waiting: runs on the event loop.
  virtual Plan plan(const Request& request) = 0;

  /// The answer to what never became a request that `plan` saw, or that broke
  /// off; `request` holds what is known of it, at least `id` and `peer`.
  virtual Response refuse(const Request& request, Refusal refusal) = 0;

  /// Adds what every answer carries, just before it is sent.
  virtual void dress(const Request& request, Response& response) = 0;

  virtual void finished(const Exchange& exchange) = 0;
};

}  // namespace shale::http

#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include "server/http/application.h"
#include "server/http/body_decoder.h"
#include "server/net/exchange.h"
#include "server/net/inbox.h"
#include "server/net/options.h"
#include "server/net/pool.h"
#include "server/net/read_ahead.h"
#include "server/net/response_writer.h"
#include "server/net/stream.h"
#include "server/net/traffic.h"

namespace shale::net {

using SteadyTime = std::chrono::steady_clock::time_point;

/// What the connections of one worker share. The worker keeps `now`, `date`
/// and the limits current. Used by the worker's thread, but for `application`, the two pools,
/// `memory` and `traffic`.
struct WorkerContext {
  http::Application& application;
  Pool& pool;
  Pool& aside;  ///< for `Plan::aside`
  MemoryBudget& memory;
  const Options& options;
  Traffic& traffic;
  Timeouts timeouts;      ///< those in force, which may not be those of `options`
  http::HeadLimits head;  ///< likewise
  std::shared_ptr<Inbox> inbox;
  std::span<std::byte> scratch;  ///< for bytes that need no home yet
  std::function<std::string()> next_request_id;
  SteadyTime now;
  std::string date;
};

/// One peer: its bytes, its current request and its deadline. Requests of one
/// connection are answered one after the other; what the client sends ahead stays
/// in the socket. Belongs to one worker's thread.
///
/// An idle connection owns no buffer. One that receives a body owns two: the pool
/// works on one while the other fills, and when both are full the connection
/// stops reading, so that the client feels how fast the store is.
class Connection {
 public:
  Connection(ConnectionId id, std::unique_ptr<Stream> stream, http::Peer peer,
             ConnectionLimit::Slot slot, WorkerContext& context);
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  /// Does what can be done without waiting, within a budget for one turn.
  void advance();
  /// The pool task that this connection waited for is done.
  void job_done();
  /// Closes now if nothing is going on, else after what was sent already is answered.
  void drain();
  /// Acts on a deadline that has passed.
  void check_deadline();
  /// Ends it now, as an accident does: nothing of it moves any more.
  void close();

  bool closed() const noexcept { return phase_ == Phase::kClosed; }
  /// Stopped only because its budget was used up.
  bool wants_turn() const noexcept { return wants_turn_; }
  int descriptor() const noexcept { return stream_->descriptor(); }
  ConnectionState state() const noexcept;

 private:
  enum class Phase : std::uint8_t {
    kHandshake,  ///< agrees with the client on how to talk
    kHead,       ///< waits for a request or the rest of its head
    kGather,     ///< reads a body into the request
    kStream,     ///< reads a body into the sink
    kWorking,    ///< a handler is at it on the pool
    kRespond,    ///< sends the answer
    kSkip,       ///< reads past a body that nobody wanted
    kLinger,     ///< has closed its side, lets the client read the answer
    kClosed,
  };
  /// Whether the phase got anywhere; if not, an event or a pool task goes on.
  enum class Step : std::uint8_t { kGoOn, kWait };

  Step shake_hands();
  bool idle() const;
  Step read_head();
  Step take_head(std::string_view fresh);
  void begin(http::Request request);
  Step gather_body();
  Step stream_body();
  Step skip_body();
  Step write_response();
  Step linger();

  /// Read in one go while a head is expected; the rest of it may be body.
  static constexpr std::size_t kHeadRead = std::size_t{16} * 1024;

  /// Body bytes into `into`, decoded: first what came with the head, then the
  /// socket's. None when it has to wait or the connection is lost.
  std::optional<std::size_t> read_body(std::span<std::byte> into);
  void keep_ahead(std::string_view bytes);
  /// Counts against the turn's budget; false when it is used up.
  bool spend(std::size_t bytes);

  void start_gathering();
  bool make_room(std::size_t bytes);
  void open_stream();
  std::optional<std::string> take_whole_body();
  void start_streaming();
  void send_continue();
  Pool& pool() const;
  enum class Admission : std::uint8_t { kNew, kStep };
  void submit(Admission admission, std::function<void(ActiveRequest&)> work);
  void dispatch_buffer();
  void refuse(http::Refusal refusal);
  bool let_go_of_sink(http::Refusal refusal);
  void respond(http::Response response);
  void after_response();
  void finish_exchange(bool complete);
  void abort_exchange();
  void leave();
  void await_request();
  void set_deadline(std::chrono::milliseconds from_now);
  void clear_deadline();

  WorkerContext& context_;
  const ConnectionId id_;
  std::unique_ptr<Stream> stream_;
  const http::Peer peer_;
  ConnectionLimit::Slot slot_;

  Phase phase_ = Phase::kHandshake;
  SteadyTime deadline_;
  bool wants_turn_ = false;
  bool draining_ = false;
  bool close_after_response_ = false;
  bool continue_sent_ = false;
  std::size_t budget_ = 0;

  ReadAhead pending_;            ///< received, but not yet part of a request
  MemoryBudget::Share ahead_;    ///< for what `pending_` holds beyond a head
  bool pending_is_new_ = false;  ///< not yet tried as a head
  std::shared_ptr<ActiveRequest> active_;
  http::BodyDecoder body_{http::Framing{}};
  std::size_t skipped_ = 0;

  /// Shared with the pool task that reads it. No vector, which would touch every
  /// page of it for the few bytes that most uploads have.
  using Bytes = std::byte[];  // NOLINT(modernize-avoid-c-arrays)
  using Buffer = std::shared_ptr<Bytes>;
  Buffer filling_;
  Buffer in_flight_;
  std::size_t buffer_size_ = 0;  ///< of each of the two, in bytes
  std::size_t filled_ = 0;
  bool job_running_ = false;
  std::optional<http::Refusal> refusal_;  ///< to be answered when the pool is done

  ResponseWriter writer_;
};

}  // namespace shale::net

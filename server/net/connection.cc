#include "server/net/connection.h"

#include <algorithm>
#include <exception>
#include <utility>

#include "server/net/boundary.h"
#include "server/net/bytes.h"

namespace shale::net {
namespace {

/// What one connection may move before others get their turn.
constexpr std::size_t kTurnBudget = std::size_t{2} * 1024 * 1024;
/// What a request counts against the budget besides its bytes, so that one sent
/// ahead of another is no cheaper than a file of this size.
constexpr std::size_t kRequestCost = std::size_t{64} * 1024;

template <class... Handlers>
struct Overloaded : Handlers... {
  using Handlers::operator()...;
};

}  // namespace

Connection::Connection(ConnectionId id, std::unique_ptr<Stream> stream, http::Peer peer,
                       ConnectionLimit::Slot slot, WorkerContext& context)
    : context_(context),
      id_(id),
      stream_(std::move(stream)),
      peer_(std::move(peer)),
      slot_(std::move(slot)) {
  set_deadline(context_.timeouts.handshake);
}

Connection::~Connection() {
  contained(context_.options, "a request could not be ended", [&] {
    if (active_) finish_exchange(/*complete=*/false);
  });
}

void Connection::advance() {
  wants_turn_ = false;
  budget_ = kTurnBudget;
  Step step = Step::kGoOn;
  while (step == Step::kGoOn) {
    switch (phase_) {
      case Phase::kHandshake:
        step = shake_hands();
        break;
      case Phase::kHead:
        step = read_head();
        break;
      case Phase::kGather:
        step = gather_body();
        break;
      case Phase::kStream:
        step = stream_body();
        break;
      case Phase::kRespond:
        step = write_response();
        break;
      case Phase::kSkip:
        step = skip_body();
        break;
      case Phase::kLinger:
        step = linger();
        break;
      case Phase::kWorking:
      case Phase::kClosed:
        return;
    }
  }
}

// --- the handshake ---

Connection::Step Connection::shake_hands() {
  const Handshake handshake = stream_->handshake();
  switch (handshake.state) {
    case Handshake::State::kDone:
      if (peer_.tls) ++context_.traffic.handshakes;
      await_request();
      return Step::kGoOn;
    case Handshake::State::kBlocked:
      return Step::kWait;
    case Handshake::State::kInTheClear:
      ++context_.traffic.failed_handshakes;
      refuse(http::Refusal::kTlsOnly);
      return Step::kGoOn;
    case Handshake::State::kFailed:
      ++context_.traffic.failed_handshakes;
      if (!handshake.cause.empty()) {
        context_.options.trace("a TLS handshake failed", peer_.address + ": " + handshake.cause);
      }
      close();
      return Step::kWait;
  }
  return Step::kWait;
}

// --- the head ---

void Connection::await_request() {
  if (draining_ && idle()) {
    leave();
    return;
  }
  phase_ = Phase::kHead;
  pending_is_new_ = !pending_.empty();
  if (pending_.empty()) ahead_ = MemoryBudget::Share(context_.memory);
  set_deadline(context_.timeouts.idle);
}

/// Nothing of a request has come yet; empty lines before one are nothing (RFC
/// 9112, section 2.2).
bool Connection::idle() const {
  std::string_view bytes = pending_.view();
  while (bytes.starts_with("\r\n"))
    bytes.remove_prefix(2);
  return bytes.empty();
}

Connection::Step Connection::read_head() {
  if (!spend(kRequestCost)) return Step::kWait;
  if (pending_is_new_ && take_head({}) == Step::kGoOn) return Step::kGoOn;
  const auto into = context_.scratch.first(std::min(kHeadRead, context_.scratch.size()));
  const Transfer got = stream_->read(into);
  if (got.state == Transfer::State::kBlocked) return Step::kWait;
  if (got.state != Transfer::State::kMoved) {
    leave();
    return Step::kWait;
  }
  take_head(as_text(into.first(got.bytes)));
  return Step::kGoOn;
}

/// Begins the request at the start of what is pending and `fresh`, and keeps what
/// follows it. `kWait`: it is not whole yet, and all of it is kept; the time for a
/// head runs from its first byte.
Connection::Step Connection::take_head(std::string_view fresh) {
  // Nearly every head comes in one piece: it is parsed where it lies.
  const bool in_place = pending_.empty();
  const bool first = std::exchange(pending_is_new_, false) || idle();
  if (!in_place) pending_.append(fresh);
  auto parsed = http::parse_head(in_place ? fresh : pending_.view(), context_.head);
  return std::visit(Overloaded{
                        [&](http::NeedMore) {
                          if (in_place) pending_.append(fresh);
                          if (first && !idle()) set_deadline(context_.timeouts.head);
                          return Step::kWait;
                        },
                        [&](http::Refusal refusal) {
                          refuse(refusal);
                          return Step::kGoOn;
                        },
                        [&](http::ParsedHead& head) {
                          if (in_place) {
                            pending_.append(fresh.substr(head.consumed));
                          } else {
                            pending_.drop(head.consumed);
                          }
                          begin(std::move(head.request));
                          return Step::kGoOn;
                        },
                    },
                    parsed);
}

void Connection::begin(http::Request request) {
  active_ = std::make_shared<ActiveRequest>();
  active_->request = std::move(request);
  active_->request.id = context_.next_request_id();
  active_->request.peer = peer_;
  active_->started = context_.now;
  active_->memory = MemoryBudget::Share(context_.memory);
  body_ = http::BodyDecoder(active_->request.framing);
  continue_sent_ = false;
  close_after_response_ = !active_->request.keep_alive || draining_;

  try {
    if (auto given = context_.application.given_id(active_->request); !given.empty()) {
      active_->request.id = std::move(given);
    }
    active_->plan = context_.application.plan(active_->request);
  } catch (const std::exception& exception) {
    refuse(http::Refusal::kInternal);
    context_.options.warn("planning a request failed", exception.what());
    return;
  }
  std::visit(Overloaded{
                 [&](const http::Plan::OnWorker&) {
                   run_respond(context_.application, *active_);
                   respond(std::move(*active_->outcome));
                 },
                 [&](const http::Plan::OnPool& how) {
                   if (how.admit) {
                     submit(Admission::kNew, [&application = context_.application](
                                                 ActiveRequest& a) { run_admit(application, a); });
                   } else {
                     start_gathering();
                   }
                 },
                 [&](const http::Plan::Stream&) { open_stream(); },
             },
             active_->plan.how);
}

// --- the pool ---

void Connection::submit(Admission admission, std::function<void(ActiveRequest&)> work) {
  phase_ = Phase::kWorking;
  clear_deadline();
  auto task = [work = std::move(work), active = active_, inbox = context_.inbox, id = id_] {
    work(*active);
    inbox->post(JobDone{id});
  };
  if (admission == Admission::kStep) {
    pool().submit_step(std::move(task));
  } else if (!pool().try_submit(std::move(task))) {
    refuse(http::Refusal::kOverloaded);
    return;
  }
  job_running_ = true;
}

Pool& Connection::pool() const {
  return active_->plan.aside ? context_.aside : context_.pool;
}

void Connection::job_done() {
  job_running_ = false;
  if (phase_ != Phase::kWorking && phase_ != Phase::kStream) return;
  if (const auto refusal = std::exchange(refusal_, std::nullopt)) {
    refuse(*refusal);
  } else if (std::optional<http::Response>& outcome = active_->outcome; outcome.has_value()) {
    respond(*std::move(outcome));
  } else if (std::holds_alternative<http::Plan::OnPool>(active_->plan.how)) {
    start_gathering();
  } else {
    start_streaming();
  }
  advance();
}

// --- time and the end ---

void Connection::drain() {
  draining_ = true;
  close_after_response_ = true;
  if (phase_ == Phase::kHandshake) close();
  if (phase_ == Phase::kHead && idle()) leave();
}

void Connection::check_deadline() {
  if (context_.now < deadline_) return;
  switch (phase_) {
    case Phase::kHandshake:
      ++context_.traffic.failed_handshakes;
      close();
      return;
    case Phase::kHead:
      if (idle()) {
        leave();
        return;
      }
      refuse(http::Refusal::kHeadTimeout);
      break;
    case Phase::kGather:
    case Phase::kStream:
      refuse(http::Refusal::kBodyTimeout);
      break;
    case Phase::kWorking:
    case Phase::kRespond:
    case Phase::kSkip:
    case Phase::kLinger:
    case Phase::kClosed:
      abort_exchange();
      return;
  }
  advance();
}

ConnectionState Connection::state() const noexcept {
  switch (phase_) {
    case Phase::kHandshake:
      return peer_.tls ? ConnectionState::kHandshake : ConnectionState::kWaiting;
    case Phase::kHead:
      return ConnectionState::kWaiting;
    case Phase::kGather:
    case Phase::kStream:
      return ConnectionState::kReceiving;
    case Phase::kWorking:
      return ConnectionState::kWorking;
    case Phase::kRespond:
      return ConnectionState::kSending;
    case Phase::kSkip:
    case Phase::kLinger:
    case Phase::kClosed:
      break;
  }
  return ConnectionState::kClosing;
}

/// Between two requests: nobody has to think that something was cut off.
void Connection::leave() {
  stream_->take_leave();
  close();
}

void Connection::close() {
  phase_ = Phase::kClosed;
  wants_turn_ = false;
}

void Connection::set_deadline(std::chrono::milliseconds from_now) {
  deadline_ = context_.now + from_now;
}

void Connection::clear_deadline() {
  deadline_ = SteadyTime::max();
}

}  // namespace shale::net

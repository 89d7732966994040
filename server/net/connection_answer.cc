#include <chrono>
#include <utility>
#include <variant>

#include "server/http/response_head.h"
#include "server/net/boundary.h"
#include "server/net/connection.h"

// The part of `Connection` that answers, and what follows an answer.

namespace shale::net {
namespace {

/// Answers in memory up to this size are not counted against the budget: a busy
/// server must still be able to say so.
constexpr std::size_t kUncounted = std::size_t{16} * 1024;
/// An unwanted body up to this size is read past to keep the connection.
constexpr std::uint64_t kSkipLimit = std::uint64_t{256} * 1024;
/// After the last answer a client may still be sending: this much of it is read
/// and dropped, for this long, so that no reset destroys the answer on its way.
constexpr std::size_t kLingerLimit = std::size_t{64} * 1024 * 1024;
constexpr std::chrono::seconds kLingerTime{5};

/// Strings among the pieces of a body; slices of files cost no memory.
std::size_t memory_of(const http::Response& response) {
  std::size_t bytes = 0;
  for (const http::BodyPiece& piece : response.body) {
    if (const auto* text = std::get_if<std::string>(&piece)) bytes += text->size();
  }
  return bytes;
}

}  // namespace

// --- the answer ---

void Connection::refuse(http::Refusal refusal) {
  if (!active_) {
    active_ = std::make_shared<ActiveRequest>();
    active_->request.id = context_.next_request_id();
    active_->request.peer = peer_;
    active_->started = context_.now;
    active_->memory = MemoryBudget::Share(context_.memory);
    body_ = http::BodyDecoder(http::Framing{});
  }
  if (!let_go_of_sink(refusal)) return;
  http::Response response = context_.application.refuse(active_->request, refusal);
  response.close = true;
  respond(std::move(response));
}

/// A refusal is answered only when the sink is gone, so that the client's next
/// request does not find its upload still in use. False: the pool is at it, and
/// the refusal comes again when it is done.
bool Connection::let_go_of_sink(http::Refusal refusal) {
  if (!job_running_ && !active_->sink) return true;
  refusal_ = refusal;
  if (!job_running_) submit(Admission::kStep, [](ActiveRequest& active) { active.sink.reset(); });
  phase_ = Phase::kWorking;
  clear_deadline();
  return false;
}

void Connection::respond(http::Response response) {
  const http::Request& request = active_->request;
  if (const std::size_t bytes = memory_of(response);
      bytes > kUncounted && !active_->memory.take(bytes)) {
    response = context_.application.refuse(request, http::Refusal::kOverloaded);
  }
  if (!body_.done()) {
    const bool short_rest = request.framing.kind == http::Framing::Kind::kLength &&
                            request.framing.length - active_->bytes_in <= kSkipLimit;
    const bool will_be_sent = !request.expects_continue || continue_sent_;
    if (!short_rest || !will_be_sent) response.close = true;
  }
  if (request.method == http::Method::kHead) {
    if (!response.content_length) response.content_length = response.body_length();
    response.body.clear();
  }
  close_after_response_ = close_after_response_ || response.close || draining_;
  context_.application.dress(request, response);
  std::string head =
      http::serialize_head(response, !close_after_response_, request.version_minor, context_.date);
  writer_ = ResponseWriter(std::move(response), std::move(head));
  phase_ = Phase::kRespond;
  set_deadline(context_.timeouts.write);
}

Connection::Step Connection::write_response() {
  switch (writer_.write(*stream_, budget_)) {
    case ResponseWriter::Progress::kDone:
      after_response();
      return Step::kGoOn;
    case ResponseWriter::Progress::kYielded:
      wants_turn_ = true;
      set_deadline(context_.timeouts.write);
      return Step::kWait;
    case ResponseWriter::Progress::kBlocked:
      if (writer_.took_progress()) set_deadline(context_.timeouts.write);
      return Step::kWait;
    case ResponseWriter::Progress::kBroken:
      abort_exchange();
      return Step::kWait;
  }
  return Step::kWait;
}

void Connection::after_response() {
  // Whoever meant to keep the connection may have sent the next request already.
  const bool more_may_come = !body_.done() || active_->request.keep_alive;
  finish_exchange(/*complete=*/true);
  if (close_after_response_ && !more_may_come && stream_->take_leave()) {
    close();
  } else if (close_after_response_) {
    stream_->shutdown_write();
    skipped_ = 0;
    phase_ = Phase::kLinger;
    deadline_ = context_.now + kLingerTime;
  } else if (!body_.done()) {
    phase_ = Phase::kSkip;
    set_deadline(context_.timeouts.body);
  } else {
    await_request();
  }
}

Connection::Step Connection::linger() {
  while (true) {
    const Transfer got = stream_->read(context_.scratch);
    if (got.state == Transfer::State::kBlocked) return Step::kWait;
    skipped_ += got.bytes;
    if (got.state != Transfer::State::kMoved || skipped_ > kLingerLimit) {
      close();
      return Step::kWait;
    }
    if (!spend(got.bytes)) return Step::kWait;
  }
}

void Connection::finish_exchange(bool complete) {
  const http::Response& response = writer_.response();
  const http::Exchange exchange{.request = active_->request,
                                .status = phase_ == Phase::kRespond ? response.status : 0,
                                .bytes_in = active_->bytes_in,
                                .bytes_out = writer_.body_bytes_sent(),
                                .duration = std::chrono::steady_clock::now() - active_->started,
                                .complete = complete,
                                .log_message = response.log_message,
                                .context = active_->plan.context.get(),
                                .settled = !job_running_};
  contained(context_.options, "a request could not be reported",
            [&] { context_.application.finished(exchange); });
  // A sink that is given up may have to wait for the disk: the pool holds it last.
  if (job_running_ || active_->sink) {
    pool().submit_step([active = std::move(active_)] {});
  }
  active_.reset();
  writer_ = {};
  filling_.reset();
  in_flight_.reset();
  buffer_size_ = 0;
  filled_ = 0;
}

void Connection::abort_exchange() {
  if (active_) finish_exchange(/*complete=*/false);
  close();
}

}  // namespace shale::net

#include <algorithm>
#include <cstring>
#include <string_view>
#include <utility>

#include "server/net/bytes.h"
#include "server/net/connection.h"

// The part of `Connection` that reads request bodies.

namespace shale::net {
namespace {

constexpr std::size_t kBufferSize = std::size_t{256} * 1024;
/// What a gathered body has room for at first.
constexpr std::size_t kGatherRoom = std::size_t{64} * 1024;
/// Of what came with its head, so much is taken as a whole body.
constexpr std::size_t kWholeBody = std::size_t{16} * 1024;
/// With half of the memory used up, uploads go on with less, and slower.
constexpr std::size_t kSmallBufferSize = std::size_t{16} * 1024;

}  // namespace

std::optional<std::size_t> Connection::read_body(std::span<std::byte> into) {
  const bool from_pending = !pending_.empty();
  std::size_t got = 0;
  if (from_pending) {
    got = std::min(pending_.size(), into.size());
    std::memcpy(into.data(), pending_.view().data(), got);
  } else {
    // Not much beyond the end: what the client sends ahead can wait in the socket.
    const std::uint64_t left = body_.most_left();
    if (left < into.size()) {
      into = into.first(std::min<std::uint64_t>(into.size(), left + kHeadRead));
    }
    const Transfer moved = stream_->read(into);
    if (moved.state == Transfer::State::kBlocked) return std::nullopt;
    if (moved.state != Transfer::State::kMoved) {
      abort_exchange();
      return std::nullopt;
    }
    got = moved.bytes;
  }
  set_deadline(context_.timeouts.body);

  const http::BodyDecoder::Step step = body_.decode(into.first(got));
  if (from_pending) {
    pending_.drop(step.consumed);
  } else if (step.consumed < got) {
    keep_ahead(as_text(into.subspan(step.consumed, got - step.consumed)));
  }
  if (step.refusal) {
    // A body that skips past an answer already on its way cannot be answered again.
    if (phase_ == Phase::kSkip) {
      close();
    } else {
      refuse(*step.refusal);
    }
    return std::nullopt;
  }
  if (active_) active_->bytes_in += step.payload;
  return step.payload;
}

/// Keeps what came behind a body for its turn. Behind one in chunks it may be a whole
/// buffer. When there is no memory for that, the connection ends with its answer, and
/// the client sends those requests again on another (RFC 9112, section 9.3.2).
void Connection::keep_ahead(std::string_view bytes) {
  if (bytes.size() > kHeadRead && !ahead_.take_spare(bytes.size())) {
    close_after_response_ = true;
    return;
  }
  pending_.append(bytes);
}

bool Connection::spend(std::size_t bytes) {
  budget_ -= std::min(budget_, std::max<std::size_t>(bytes, 1));
  wants_turn_ = budget_ == 0;
  return !wants_turn_;
}

void Connection::start_gathering() {
  const http::Framing& framing = active_->request.framing;
  const std::size_t limit = std::get<http::Plan::OnPool>(active_->plan.how).body_limit;
  if (framing.kind == http::Framing::Kind::kLength && framing.length > limit) {
    refuse(http::Refusal::kBodyTooLarge);
    return;
  }
  phase_ = Phase::kGather;
  set_deadline(context_.timeouts.body);
  send_continue();
}

/// For so many bytes more of a gathered body. Room doubles as the bytes come, so
/// that announcing a long body takes nothing from anyone. False: none is left.
bool Connection::make_room(std::size_t bytes) {
  std::string& body = active_->request.body;
  std::size_t& room = active_->body_room;
  const std::size_t needed = body.size() + bytes;
  if (needed <= room) return true;
  const http::Framing& framing = active_->request.framing;
  const std::size_t most = framing.kind == http::Framing::Kind::kLength
                               ? static_cast<std::size_t>(framing.length)
                               : std::get<http::Plan::OnPool>(active_->plan.how).body_limit;
  const std::size_t wanted = std::min(most, std::max({needed, 2 * room, kGatherRoom}));
  if (!active_->memory.take(wanted - room)) return false;
  room = wanted;
  body.reserve(room);
  return true;
}

Connection::Step Connection::gather_body() {
  const std::size_t limit = std::get<http::Plan::OnPool>(active_->plan.how).body_limit;
  while (!body_.done()) {
    const auto got = read_body(context_.scratch);
    if (!got) return phase_ == Phase::kGather ? Step::kWait : Step::kGoOn;
    std::string& body = active_->request.body;
    if (body.size() + *got > limit) {
      refuse(http::Refusal::kBodyTooLarge);
      return Step::kGoOn;
    }
    if (!make_room(*got)) {
      refuse(http::Refusal::kOverloaded);
      return Step::kGoOn;
    }
    body.append(as_text(context_.scratch.first(*got)));
    if (!spend(*got)) return Step::kWait;
  }
  submit(Admission::kNew, [&application = context_.application](ActiveRequest& active) {
    run_respond(application, active);
  });
  return Step::kGoOn;
}

void Connection::open_stream() {
  // A body that came with its head, or is empty, needs no buffer and one task only.
  submit(Admission::kNew,
         [&application = context_.application, body = take_whole_body()](ActiveRequest& active) {
           run_open(application, active);
           if (!body || active.outcome) return;
           run_append(application, active, std::as_bytes(std::span(*body)), Last::kYes);
         });
}

/// The body, if all of it is here already and as it should be.
std::optional<std::string> Connection::take_whole_body() {
  const http::Framing& framing = active_->request.framing;
  if (framing.kind == http::Framing::Kind::kLength && framing.length > pending_.size()) {
    return std::nullopt;
  }
  std::string bytes(pending_.view().substr(0, kWholeBody));
  http::BodyDecoder decoder = body_;
  const auto step = decoder.decode(std::as_writable_bytes(std::span(bytes)));
  if (step.refusal || !decoder.done()) return std::nullopt;
  body_ = decoder;
  pending_.drop(step.consumed);
  active_->bytes_in += step.payload;
  bytes.resize(step.payload);
  return bytes;
}

void Connection::start_streaming() {
  phase_ = Phase::kStream;
  if (buffer_size_ == 0) {
    buffer_size_ = active_->memory.take_spare(2 * kBufferSize) ? kBufferSize : kSmallBufferSize;
  }
  set_deadline(context_.timeouts.body);
  send_continue();
}

Connection::Step Connection::stream_body() {
  while (!body_.done() && filled_ < buffer_size_) {
    if (!filling_) filling_ = std::make_shared_for_overwrite<Bytes>(buffer_size_);
    const auto got = read_body({filling_.get() + filled_, buffer_size_ - filled_});
    if (!got && phase_ != Phase::kStream) return Step::kGoOn;
    if (!got) break;
    filled_ += *got;
    if (!spend(*got)) break;
  }
  if (!job_running_ && (filled_ > 0 || body_.done())) {
    dispatch_buffer();
    return wants_turn_ ? Step::kWait : Step::kGoOn;
  }
  // Both buffers are full, or the end waits for the pool: it is not the client who dawdles.
  if (job_running_ && (filled_ == buffer_size_ || body_.done())) {
    clear_deadline();
    wants_turn_ = false;
  }
  return Step::kWait;
}

void Connection::dispatch_buffer() {
  in_flight_ = std::exchange(filling_, std::move(in_flight_));
  const std::size_t size = std::exchange(filled_, 0);
  const Last last = body_.done() ? Last::kYes : Last::kNo;
  submit(Admission::kStep, [&application = context_.application, buffer = in_flight_, size,
                            last](ActiveRequest& active) {
    run_append(application, active, {buffer.get(), size}, last);
  });
  if (last == Last::kNo) phase_ = Phase::kStream;
}

Connection::Step Connection::skip_body() {
  while (!body_.done()) {
    const auto got = read_body(context_.scratch);
    if (!got) return Step::kWait;
    if (!spend(*got)) return Step::kWait;
  }
  await_request();
  return Step::kGoOn;
}

void Connection::send_continue() {
  if (!active_->request.expects_continue || continue_sent_ || body_.done()) return;
  // So few bytes fit, unless the client has not taken its earlier answers. Half of
  // them, with the next answer behind, would mislead it.
  constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";
  if (stream_->write(kContinue, /*more=*/false).bytes < kContinue.size()) {
    abort_exchange();
    return;
  }
  continue_sent_ = true;
}

}  // namespace shale::net

#include <algorithm>
#include <cstddef>
#include <span>
#include <string>
#include <utility>
#include <variant>

#include <unistd.h>

#include <doctest/doctest.h>

#include "server/http/body_decoder.h"
#include "server/http/head_parser.h"
#include "server/http/response_head.h"
#include "tests/server/api/drivers.h"

namespace shale::testing {
namespace {

std::string text_of(const http::BodyPiece& piece) {
  if (const auto* text = std::get_if<std::string>(&piece)) return *text;
  const auto& slice = std::get<http::FileSlice>(piece);
  std::string text(slice.length, '\0');
  const auto got =
      ::pread(slice.descriptor, text.data(), text.size(), static_cast<::off_t>(slice.offset));
  REQUIRE(got == static_cast<::ssize_t>(text.size()));
  return text;
}

/// The answer as a client reads it from its bytes.
WireResponse read_answer(const http::Request& request, http::Response response) {
  if (request.method == http::Method::kHead) {
    if (!response.content_length) response.content_length = response.body_length();
    response.body.clear();
  }
  const std::string head =
      http::serialize_head(response, request.keep_alive, request.version_minor, "");
  WireResponse answer;
  answer.status = std::stoi(head.substr(head.find(' ') + 1));
  std::size_t at = head.find("\r\n") + 2;
  while (head.compare(at, 2, "\r\n") != 0) {
    const std::size_t end = head.find("\r\n", at);
    const std::size_t colon = head.find(": ", at);
    answer.headers.add(head.substr(at, colon - at), head.substr(colon + 2, end - colon - 2));
    at = end + 2;
  }
  for (const http::BodyPiece& piece : response.body)
    answer.body += text_of(piece);
  return answer;
}

/// One request, taken through its plan like `net::Connection` takes it.
class InProcessRequest final : public HeldRequest {
 public:
  InProcessRequest(http::Application& application, std::string id, std::string_view head,
                   std::size_t piece_bytes = kPiece)
      : application_(application), piece_bytes_(piece_bytes) {
    auto parsed = http::parse_head(head, {});
    REQUIRE_FALSE(std::holds_alternative<http::NeedMore>(parsed));
    if (auto* whole = std::get_if<http::ParsedHead>(&parsed)) request_ = std::move(whole->request);
    request_.peer.address = "127.0.0.1";
    request_.id = application_.given_id(request_);
    if (request_.id.empty()) request_.id = std::move(id);
    if (const auto* refusal = std::get_if<http::Refusal>(&parsed)) {
      refuse(*refusal);
      return;
    }
    decoder_ = http::BodyDecoder(request_.framing);
    plan_ = application_.plan(request_);
    if (const auto* gathered = std::get_if<http::Plan::OnPool>(&plan_.how)) {
      if (gathered->admit) outcome_ = gathered->admit(request_);
      if (!outcome_ && request_.framing.length > gathered->body_limit) {
        refuse(http::Refusal::kBodyTooLarge);
      }
    } else if (const auto* stream = std::get_if<http::Plan::Stream>(&plan_.how)) {
      auto opened = stream->open(request_);
      if (auto* refused = std::get_if<http::Response>(&opened))
        outcome_ = std::move(*refused);
      else
        sink_ = std::get<std::unique_ptr<http::BodySink>>(std::move(opened));
    }
  }

  void feed(std::string_view text) {
    std::string bytes(text);
    auto rest = std::as_writable_bytes(std::span(bytes));
    while (!outcome_ && !decoder_.done() && !rest.empty()) {
      const auto piece = rest.first(std::min(piece_bytes_, rest.size()));
      const auto step = decoder_.decode(piece);
      bytes_in_ += step.payload;
      take(piece.first(step.payload));
      if (step.refusal && !outcome_) refuse(*step.refusal);
      rest = rest.subspan(piece.size());
    }
  }

  WireResponse finish(std::string_view text) override {
    feed(text);
    if (!outcome_) {
      REQUIRE(decoder_.done());
      outcome_ = answer();
    }
    sink_.reset();
    application_.dress(request_, *outcome_);
    application_.finished({.request = request_,
                           .status = outcome_->status,
                           .bytes_in = bytes_in_,
                           .bytes_out = outcome_->body_length(),
                           .complete = true,
                           .log_message = outcome_->log_message,
                           .context = plan_.context.get()});
    return read_answer(request_, std::move(*outcome_));
  }

 private:
  void refuse(http::Refusal refusal) { outcome_ = application_.refuse(request_, refusal); }

  void take(std::span<const std::byte> bytes) {
    if (bytes.empty()) return;
    if (sink_) {
      outcome_ = sink_->append(bytes);
    } else if (const auto* gathered = std::get_if<http::Plan::OnPool>(&plan_.how)) {
      if (request_.body.size() + bytes.size() > gathered->body_limit) {
        refuse(http::Refusal::kBodyTooLarge);
      } else {
        request_.body.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
      }
    }
  }

  http::Response answer() {
    if (sink_) return sink_->finish();
    if (const auto* gathered = std::get_if<http::Plan::OnPool>(&plan_.how)) {
      return gathered->respond(request_);
    }
    return std::get<http::Plan::OnWorker>(plan_.how).respond(request_);
  }

  http::Application& application_;
  const std::size_t piece_bytes_;
  http::Request request_;
  http::Plan plan_;
  http::BodyDecoder decoder_{http::Framing{}};
  std::uint64_t bytes_in_ = 0;
  std::unique_ptr<http::BodySink> sink_;
  std::optional<http::Response> outcome_;
};

}  // namespace

WireResponse answer_in_process(http::Application& application, std::string_view request,
                               std::string id, std::size_t piece_bytes) {
  const std::size_t end = request.find("\r\n\r\n");
  const std::string_view head = request.substr(0, end == std::string_view::npos ? end : end + 4);
  InProcessRequest running(application, std::move(id), head, piece_bytes);
  return running.finish(request.substr(head.size()));
}

WireResponse InProcess::exchange(std::string_view request) {
  return answer_in_process(house_.api, request, "in-process-" + std::to_string(++requests_),
                           kPiece);
}

std::unique_ptr<HeldRequest> InProcess::hold(std::string_view head, std::string_view body) {
  auto held = std::make_unique<InProcessRequest>(house_.api,
                                                 "in-process-" + std::to_string(++requests_), head);
  held->feed(body);
  return held;
}

}  // namespace shale::testing

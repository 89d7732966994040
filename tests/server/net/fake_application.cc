#include "tests/server/net/fake_application.h"

#include <chrono>
#include <stdexcept>

namespace shale::testing {
namespace {

constexpr std::chrono::seconds kPatience{10};
constexpr std::uint64_t kLateRefusal = 1000;

http::Response text_response(std::string body, int status = 200) {
  http::Response response;
  response.status = status;
  response.body.emplace_back(std::move(body));
  return response;
}

struct Sum {
  std::uint64_t count = 0;
  std::uint64_t sum = 0;

  void add(std::span<const std::byte> bytes) {
    for (const std::byte byte : bytes)
      sum = sum * 31 + std::to_integer<unsigned>(byte);
    count += bytes.size();
  }
  std::string str() const { return std::to_string(count) + " " + std::to_string(sum); }
};

class FakeSink final : public http::BodySink {
 public:
  FakeSink(FakeApplication& application, std::string path)
      : application_(application), path_(std::move(path)) {
    ++application_.sinks_alive;
  }
  ~FakeSink() override { --application_.sinks_alive; }

  std::optional<http::Response> append(std::span<const std::byte> bytes) override {
    if (path_ == "/throw-append") throw std::runtime_error("append");
    if (path_ == "/slow-stream") application_.gate.wait();
    sum_.add(bytes);
    application_.streamed += bytes.size();
    if (path_ == "/refuse-late" && sum_.count >= kLateRefusal) return text_response("late", 403);
    return std::nullopt;
  }
  http::Response finish() override { return text_response(sum_.str()); }

 private:
  FakeApplication& application_;
  const std::string path_;
  Sum sum_;
};

}  // namespace

void Gate::open() {
  const std::scoped_lock lock(mutex_);
  open_ = true;
  changed_.notify_all();
}

void Gate::wait() {
  std::unique_lock lock(mutex_);
  ++waiting_;
  changed_.notify_all();
  changed_.wait(lock, [this] { return open_; });
}

void Gate::await_visitor() {
  std::unique_lock lock(mutex_);
  changed_.wait_for(lock, kPatience, [this] { return waiting_ > 0; });
}

http::Plan FakeApplication::plan(const http::Request& request) {
  const std::string& path = request.path;
  ++planned;
  if (path == "/throw-plan") throw std::runtime_error("plan");
  if (path == "/point") {
    return {http::Plan::OnWorker{[](const http::Request&) { return text_response("hello"); }}};
  }
  if (path == "/scheme") {
    return {http::Plan::OnWorker{[](const http::Request& asked) {
      return text_response(asked.peer.tls ? "https" : "http");
    }}};
  }
  if (path == "/probe") {
    return {http::Plan::OnWorker{[](const http::Request& asked) {
      return text_response(asked.peer.metrics ? "yes" : "no");
    }}};
  }
  if (path == "/control") {
    return {http::Plan::OnWorker{[](const http::Request& asked) {
      return text_response(asked.peer.control ? "yes" : "no");
    }}};
  }
  if (path == "/hold" || path == "/planned") {
    return {http::Plan::OnWorker{[this](const http::Request& asked) {
      if (asked.path == "/hold") gate.wait();
      return text_response(std::to_string(planned));
    }}};
  }
  if (path == "/throw-dress" || path == "/throw-finished") {
    return {http::Plan::OnWorker{[](const http::Request&) { return text_response("well"); }}};
  }
  if (path == "/throw") {
    return {http::Plan::OnWorker{
        [](const http::Request&) -> http::Response { throw std::runtime_error("worker"); }}};
  }
  if (path == "/file" || path == "/big") {
    return {http::Plan::OnWorker{[this](const http::Request& asked) {
      if (asked.path == "/big") return text_response(std::string(8 << 20, 'b'));
      http::Response response;
      response.body.emplace_back(file);
      return response;
    }}};
  }
  if (path == "/pool" || path == "/slow" || path == "/throw-pool" || path == "/throw-refuse") {
    return {http::Plan::OnPool{[this](const http::Request& asked) {
                                 if (asked.path == "/slow") gate.wait();
                                 if (asked.path.starts_with("/throw"))
                                   throw std::runtime_error("pool");
                                 return text_response(asked.body);
                               },
                               1000}};
  }
  if (path == "/aside") {
    return {.how =
                http::Plan::OnPool{
                    [](const http::Request& asked) { return text_response(asked.body); }, 1000},
            .aside = true};
  }
  if (path == "/admit" || path == "/admit-not" || path == "/admit-throw") {
    return {http::Plan::OnPool{[](const http::Request& asked) { return text_response(asked.body); },
                               1000,
                               [](const http::Request& asked) -> std::optional<http::Response> {
                                 if (asked.path == "/admit-throw")
                                   throw std::runtime_error("admit");
                                 if (asked.path == "/admit-not") return text_response("no", 403);
                                 return std::nullopt;
                               }}};
  }
  return {http::Plan::Stream{[this](const http::Request& asked) -> http::Opened {
    if (asked.path == "/refuse") return text_response("no", 403);
    if (asked.path == "/throw-open") throw std::runtime_error("open");
    return std::make_unique<FakeSink>(*this, asked.path);
  }}};
}

http::Response FakeApplication::refuse(const http::Request& request, http::Refusal refusal) {
  if (!refuses || request.path == "/throw-refuse") throw std::runtime_error("refuse");
  return text_response(std::string(http::text_of(refusal)), http::status_of(refusal));
}

void FakeApplication::dress(const http::Request& request, http::Response& response) {
  if (request.path == "/throw-dress") throw std::runtime_error("dress");
  response.headers.set("X-Request-Id", request.id);
}

void FakeApplication::finished(const http::Exchange& exchange) {
  if (exchange.request.path == "/throw-finished") throw std::runtime_error("finished");
  const std::scoped_lock lock(mutex_);
  finished_.push_back({exchange.request.path, exchange.status, exchange.bytes_in,
                       exchange.bytes_out, exchange.complete});
  changed_.notify_all();
}

std::vector<FakeApplication::Finished> FakeApplication::await_finished(std::size_t count) {
  std::unique_lock lock(mutex_);
  changed_.wait_for(lock, kPatience, [&] { return finished_.size() >= count; });
  return finished_;
}

std::string stream_answer(std::string_view body) {
  Sum sum;
  sum.add(std::as_bytes(std::span(body)));
  return sum.str();
}

}  // namespace shale::testing

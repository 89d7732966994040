#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

#include <nlohmann/json.hpp>

#include "blobstore/memory_blob_store.h"
#include "server/api/api.h"
#include "server/http/body_decoder.h"
#include "server/http/head_parser.h"
#include "server/http/response_head.h"
#include "server/index/memory_metadata_store.h"
#include "tests/fuzz/fuzz.h"
#include "tests/support/fake_clock.h"

namespace shale::api {
namespace {

constexpr int kMostRequests = 8;
constexpr std::size_t kMostManifest = 4096;
/// Stands for the last `Location` that was answered: ids of uploads cannot be guessed.
constexpr std::string_view kLocation = "{l}";

registry::Options small_manifests() {
  registry::Options options;
  options.manifest_bytes = kMostManifest;
  return options;
}

Settings settings() {
  Settings settings;
  settings.manifest_bytes = kMostManifest;
  return settings;
}

/// A registry of its own for each input, without a socket or a disk.
struct House {
  explicit House(log::Logger& logger) : api(registry, logger, settings()) {}

  testing::FakeClock clock;
  MemoryBlobStore blobs{clock};
  index::MemoryMetadataStore metadata{clock};
  registry::Registry registry{blobs, metadata, clock, small_manifests()};
  Api api;
};

std::string text_of(const http::Response& response) {
  std::string text;
  for (const http::BodyPiece& piece : response.body) {
    FUZZ_CHECK(std::holds_alternative<std::string>(piece));  // no store in memory has files
    text += std::get<std::string>(piece);
  }
  return text;
}

/// Every answer is one that a client can read, and none blames the client for a
/// fault of ours.
void check_answer(const http::Request& request, const http::Response& response) {
  FUZZ_CHECK(response.status >= 200 && response.status != 500);
  const std::string head = http::serialize_head(response, true, request.version_minor, "");
  FUZZ_CHECK(head.find("\r\n\r\n") == head.size() - 4);
  const std::string text = text_of(response);
  if (response.status >= 400) {
    const auto body = nlohmann::json::parse(text, nullptr, /*allow_exceptions=*/false);
    FUZZ_CHECK(body.is_object() && body["errors"].is_array() && !body["errors"].empty());
    for (const auto& error : body["errors"])
      FUZZ_CHECK(error["code"].is_string() && error["message"].is_string());
  }
  // What is served whole under a digest has it.
  const auto digest = Digest::parse(request.path.substr(request.path.rfind('/') + 1));
  const bool content = request.path.find("/referrers/") == std::string::npos;
  if (request.method == http::Method::kGet && response.status == 200 && digest && content) {
    FUZZ_CHECK(Digest::of(digest->algorithm(), std::as_bytes(std::span(text))) == *digest);
  }
}

/// One request, taken through its plan as `server/net` takes it; `bytes` moves
/// past it. None when the client went away within its body.
class Exchange {
 public:
  Exchange(Api& api, http::Request request) : api_(api), request_(std::move(request)) {}

  std::optional<http::Response> run(std::string& bytes) {
    auto plan = api_.plan(request_);
    if (auto* stream = std::get_if<http::Plan::Stream>(&plan.how)) {
      auto opened = stream->open(request_);
      if (auto* refused = std::get_if<http::Response>(&opened)) return std::move(*refused);
      sink_ = std::get<std::unique_ptr<http::BodySink>>(std::move(opened));
    } else if (const auto* pool = std::get_if<http::Plan::OnPool>(&plan.how)) {
      limit_ = pool->body_limit;
    }
    http::BodyDecoder decoder(request_.framing);
    while (!decoder.done()) {
      if (bytes.empty()) return std::nullopt;
      if (auto refused = take_some(decoder, bytes)) return refused;
    }
    if (sink_) return sink_->finish();
    if (auto* pool = std::get_if<http::Plan::OnPool>(&plan.how)) return pool->respond(request_);
    return std::get<http::Plan::OnWorker>(plan.how).respond(request_);
  }

  const http::Request& request() const { return request_; }

 private:
  std::optional<http::Response> take_some(http::BodyDecoder& decoder, std::string& bytes) {
    const auto step = decoder.decode(std::as_writable_bytes(std::span(bytes)));
    const std::string payload = bytes.substr(0, step.payload);
    bytes.erase(0, step.consumed);
    if (step.refusal) return api_.refuse(request_, *step.refusal);
    if (sink_) return sink_->append(std::as_bytes(std::span(payload)));
    request_.body += payload;
    if (request_.body.size() > limit_) return api_.refuse(request_, http::Refusal::kBodyTooLarge);
    return std::nullopt;
  }

  Api& api_;
  http::Request request_;
  std::size_t limit_ = std::size_t{1} << 20;
  std::unique_ptr<http::BodySink> sink_;
};

void run(std::string bytes) {
  static log::Logger logger({.level = log::Level::kInfo},
                            [](std::string_view, const std::stop_token&) {});
  House house(logger);
  for (int i = 0; i < kMostRequests; ++i) {
    auto parsed = http::parse_head(bytes, {});
    if (const auto* refusal = std::get_if<http::Refusal>(&parsed)) {
      check_answer({}, house.api.refuse({}, *refusal));
      return;
    }
    auto* head = std::get_if<http::ParsedHead>(&parsed);
    if (head == nullptr) return;
    bytes.erase(0, head->consumed);
    Exchange exchange(house.api, std::move(head->request));
    const auto response = exchange.run(bytes);
    if (!response) return;
    check_answer(exchange.request(), *response);
    house.api.finished({.request = exchange.request(),
                        .status = response->status,
                        .complete = true,
                        .log_message = response->log_message});
    if (const auto location = response->headers.find("Location")) {
      for (std::size_t at = 0; (at = bytes.find(kLocation, at)) != std::string::npos;)
        bytes.replace(at, kLocation.size(), *location);
    }
  }
}

}  // namespace
}  // namespace shale::api

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {  // NOLINT
  shale::api::run({reinterpret_cast<const char*>(data), size});
  return 0;
}

#include "tests/server/api/wire.h"

#include <algorithm>
#include <utility>

#include <doctest/doctest.h>

namespace shale::testing {
namespace {

constexpr std::string_view kPing = "GET /v2/ HTTP/1.1\r\nHost: t\r\n\r\n";

/// Messages up to this long are cut at every byte. Longer ones, which are long
/// because of one long part, at the first and the last bytes and at some between.
constexpr std::size_t kShort = 1200;
constexpr std::size_t kEdge = 200;
constexpr std::size_t kStride = 331;

bool is_worth_a_cut(std::size_t at, std::size_t size) {
  return size <= kShort || at < kEdge || size - at < kEdge || at % kStride == 0;
}

net::Options on_one_worker(net::Options options) {
  options.listen = {"127.0.0.1:0"};
  options.workers = 1;
  options.pool_threads = 3;
  return options;
}

Setup without_access_log(Setup setup) {
  setup.settings.access_log = false;
  return setup;
}

/// As a client would read it, with what is different each time left out.
std::string shown(const WireResponse& answer) {
  return std::to_string(answer.status) + " " + answer.body;
}

}  // namespace

net::Options patient() {
  constexpr std::chrono::minutes kLong{10};
  net::Options options;
  options.timeouts = {.head = kLong, .body = kLong, .write = kLong, .idle = kLong};
  return options;
}

WireServer::WireServer(net::Options options, const Setup& setup)
    : house_(without_access_log(setup)), server_(house_.api, on_one_worker(std::move(options))) {}

WireClient WireServer::stranger(std::string_view from) const {
  return WireClient(server_.addresses().front(), from);
}

WireClient WireServer::client() const {
  WireClient fresh = stranger();
  const auto answer = fresh.exchange(kPing);
  REQUIRE(answer);
  REQUIRE(answer->status == 200);
  return fresh;
}

void WireServer::serves() {
  if (!pacer_) pacer_ = stranger();
  const auto answer = pacer_->exchange(kPing);
  REQUIRE(answer);
  REQUIRE(answer->status == 200);
}

bool WireServer::is_quiet() const {
  const std::size_t left = pacer_ ? 1 : 0;
  return becomes_true([&] { return open_connections() == left; });
}

std::string WireServer::start_upload() {
  serves();
  const auto answer = pacer_->exchange(post("/v2/app/blobs/uploads/"));
  REQUIRE(answer);
  REQUIRE(answer->status == 202);
  return answer->header("Location");
}

std::size_t WireServer::uploads_on_disk() const {
  const auto files = std::filesystem::directory_iterator(house_.stores.root / "blobs" / "uploads");
  return static_cast<std::size_t>(std::distance(begin(files), end(files)));
}

WireClient& WireServer::connection() {
  if (!connection_) connection_ = client();
  return *connection_;
}

std::string WireServer::expect(const WireRow& row, const Pieces& pieces) {
  std::string message = row.message;
  if (const std::size_t at = message.find(kFreshUpload); at != std::string::npos) {
    const std::string fresh = start_upload();
    REQUIRE(fresh.size() == kFreshUpload.size());
    message.replace(at, fresh.size(), fresh);
  }

  WireClient& client = connection();
  std::size_t sent = 0;
  for (const std::size_t cut : pieces.cuts) {
    // It may have heard enough already, and no longer listen.
    client.send(std::string_view(message).substr(sent, cut - sent));
    serves();
    sent = cut;
  }
  client.send(std::string_view(message).substr(sent));
  if (pieces.half_closed) client.finish_sending();

  std::string all;
  for (std::size_t i = 0; i < row.answers.size(); ++i) {
    CAPTURE(i);
    const auto answer = client.read_response();
    REQUIRE(answer);
    INFO("body: ", answer->body.substr(0, 300));
    CHECK(answer->status == row.answers[i].status);
    const std::string codes = answer->status < 400 ? "" : wire_codes(*answer);
    CHECK(codes.substr(0, codes.find(' ')) == row.answers[i].code);
    const bool last = i + 1 == row.answers.size();
    const bool closes = last && row.after != After::kStaysOpen;
    CHECK((answer->header("Connection") == "close") == closes);
    all += shown(*answer) + "\n";
  }
  if (row.after == After::kCloses) CHECK(client.ended_by_server());
  if (row.after != After::kStaysOpen || pieces.half_closed) {
    CHECK(client.closed_by_server());
    connection_.reset();
  }
  return all;
}

void WireServer::expect(const WireRow& row) {
  CAPTURE(row.what);
  const std::string whole = expect(row, Pieces{});
  Pieces single;
  const std::size_t size = row.message.size();
  for (std::size_t cut = 1; cut < size; ++cut) {
    if (!is_worth_a_cut(cut, size)) continue;
    CAPTURE(cut);
    CHECK(expect(row, Pieces{.cuts = {cut}}) == whole);
    single.cuts.push_back(cut);
  }
  {
    INFO("byte by byte");
    CHECK(expect(row, single) == whole);
  }
  {
    INFO("and closed its side");
    CHECK(expect(row, Pieces{.cuts = {}, .half_closed = true}) == whole);
  }
  serves();
}

void WireServer::expect(const std::vector<WireRow>& rows) {
  for (const WireRow& row : rows)
    expect(row);
  connection_.reset();
  CHECK(is_quiet());
}

}  // namespace shale::testing

// Clients that vanish, dawdle, half-close, wait to be asked, or are too many. The
// one worker serves the others meanwhile, and nothing of them is left behind.

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <iterator>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include "tests/server/api/wire.h"

namespace shale::testing {
namespace {

using std::string;
using std::string_view;

constexpr std::chrono::milliseconds kShort{100};
const string kPing = get("/v2/");

std::size_t open_descriptors() {
  const auto files = std::filesystem::directory_iterator("/proc/self/fd");
  return static_cast<std::size_t>(std::distance(begin(files), end(files)));
}

constexpr std::size_t kResumable = 4;  // of the following

/// Every shape in which bytes are pushed.
std::vector<string> pushes(WireServer& server) {
  const string hello = digest_of("hello").str();
  const string upload = "/v2/app/blobs/uploads/?digest=" + hello;
  const string large(600, 'm');
  return {
      sized("POST", upload, "hello"),
      chunked("POST", upload, "hello", {}, 2),
      sized("PATCH", server.start_upload(), "hello", {"Content-Range: 0-4"}),
      chunked("PATCH", server.start_upload(), "hello", {}, 2),
      sized("PUT", with_query(server.start_upload(), "digest=" + hello), "hello"),
      sized("PUT", "/v2/app/manifests/t", large),
      chunked("PUT", "/v2/app/manifests/t", large, {}, 90),
      sized("PATCH", server.start_upload(), "hello", {"Expect: 100-continue"}),
  };
}

enum class Leaving : std::uint8_t { kClosed, kReset, kHalfClosed };

/// The client of an unfinished message goes.
void leave(WireClient& client, Leaving how) {
  if (how == Leaving::kReset) client.reset();
  if (how != Leaving::kHalfClosed) return;
  client.finish_sending();
  client.read_response();  // one that says what was wrong with it, or none
  CHECK(client.closed_by_server());
}

TEST_CASE("Wire: a client that vanishes at any byte of a push leaves nothing behind") {
  constexpr std::size_t kMemory = 600'000;  // enough for the buffers of one upload
  net::Options options = patient();
  options.body_memory = kMemory;
  WireServer server(options);
  server.serves();
  const std::vector<string> messages = pushes(server);
  REQUIRE(server.is_quiet());
  const std::size_t descriptors = open_descriptors();

  for (const Leaving how : {Leaving::kClosed, Leaving::kReset, Leaving::kHalfClosed}) {
    for (const string& message : messages) {
      CAPTURE(message.substr(0, message.find("\r\n\r\n")));
      for (std::size_t cut = 1; cut < message.size(); ++cut) {
        if (cut > 250 && cut % 37 != 0) continue;
        CAPTURE(cut);
        WireClient client = server.stranger();
        REQUIRE(client.send(string_view(message).substr(0, cut)));
        if (cut % 2 == 0) server.serves();  // else the end may come with the bytes
        leave(client, how);
      }
      server.serves();
    }
  }

  CHECK(server.is_quiet());
  // Uploads that may be resumed keep their bytes; single requests leave none.
  CHECK(becomes_true([&] { return server.uploads_on_disk() <= kResumable; }));
  CHECK(becomes_true([&] { return open_descriptors() <= descriptors; }));
  // All the memory is there again: this manifest needs it to the last byte.
  const string whole = sized("PUT", "/v2/app/manifests/t", string(kMemory, 'm'));
  CHECK(becomes_true([&] {
    const auto answer = server.client().exchange(whole);
    REQUIRE(answer);
    return answer->status == 400;
  }));
}

TEST_CASE("Wire: an upload whose client vanished at any byte can be gone on with") {
  WireServer server;
  const string content = "hello, world";
  const Digest digest = digest_of(content);
  for (const bool in_chunks : {false, true}) {
    for (std::size_t cut = 1; cut < 60 + content.size(); ++cut) {
      CAPTURE(cut);
      const string upload = server.start_upload();
      const string message =
          in_chunks ? chunked("PATCH", upload, content, {}, 5) : sized("PATCH", upload, content);
      {
        WireClient client = server.stranger();
        // From shortly before the end of the head on.
        const std::size_t begin = message.find("\r\n\r\n") - 10;
        REQUIRE(client.send(string_view(message).substr(0, std::min(begin + cut, message.size()))));
        server.serves();
      }
      // Nobody holds it any more, and where it stands is how much of it came.
      WireClient client = server.client();
      bool zero_is_none = true;
      const bool ended = becomes_true([&] {
        const auto status = client.exchange(get(upload));
        REQUIRE(status);
        if (status->status == 409) return false;  // its end is still being found
        REQUIRE(status->status == 204);
        const string range = status->header("Range");
        // The protocol's 0-0 means none or one: both are tried in turn.
        const bool none = range == "0-0" && std::exchange(zero_is_none, !zero_is_none);
        const std::size_t offset = none ? 0 : std::stoul(range.substr(2)) + 1;
        const string rest = content.substr(offset);
        const string close = with_query(upload, "digest=" + digest.str());
        const string place = "Content-Range: " + std::to_string(offset) + "-11";
        const auto answer = client.exchange(rest.empty() ? sized("PUT", close, rest)
                                                         : sized("PUT", close, rest, {place}));
        REQUIRE(answer);
        // What came last may still be on its way to the disk: then it is told, too.
        const bool too_early = answer->status == 409 || answer->status == 416;
        CHECK((too_early || answer->status == 201));
        return !too_early;
      });
      REQUIRE(ended);
    }
  }
  CHECK(server.is_quiet());
}

TEST_CASE("Wire: who dawdles is told 408 while the worker serves the others") {
  net::Options options = patient();
  options.timeouts.head = options.timeouts.body = kShort;
  WireServer server(options);
  const string upload = "/v2/app/blobs/uploads/?digest=" + digest_of("hello").str();
  std::vector<WireClient> dawdlers;
  for (int i = 0; i < 5; ++i) {
    for (const string& beginning :
         {string("G"), string("GET /v2/ HTTP/1.1\r\nHost: t\r\n"),
          head_of("POST", upload, {"Content-Length: 5"}) + "he",
          head_of("POST", upload, {"Transfer-Encoding: chunked"}) + "5\r\nhe",
          head_of("PATCH", server.start_upload(), {"Content-Length: 5"}),
          head_of("PUT", with_query(server.start_upload(), "digest=" + digest_of("x").str()),
                  {"Content-Length: 5", "Expect: 100-continue"}),
          head_of("PUT", "/v2/app/manifests/t", {"Content-Length: 50"}) + "{"}) {
      dawdlers.push_back(server.client());
      REQUIRE(dawdlers.back().send(beginning));
    }
  }
  server.serves();
  REQUIRE(server.open_connections() == dawdlers.size() + 1);

  for (WireClient& dawdler : dawdlers) {
    server.serves();
    const auto answer = dawdler.read_response();
    REQUIRE(answer);
    CHECK(answer->status == 408);
    CHECK(wire_codes(*answer) == "UNSUPPORTED");
    CHECK(answer->header("Connection") == "close");
    CHECK(dawdler.ended_by_server());
  }
  dawdlers.clear();
  CHECK(server.is_quiet());
}

TEST_CASE("Wire: a head that drips in is given up all the same") {
  net::Options options = patient();
  options.timeouts.head = kShort;
  WireServer server(options);
  WireClient client = server.client();
  REQUIRE(client.send("GET /v2/ HTTP/1.1\r\nHost: t\r\nX: "));
  string answer;
  REQUIRE(becomes_true([&] {
    client.send("a");
    server.serves();
    answer += client.read_some(1000);
    return !answer.empty();
  }));
  CHECK(answer.starts_with("HTTP/1.1 408 "));
}

TEST_CASE("Wire: a body that drips in is waited for") {
  net::Options options = patient();
  options.timeouts.body = std::chrono::seconds(5);
  options.timeouts.head = kShort;  // not the body's
  WireServer server(options);
  WireClient client = server.stranger();
  const string body = "hello";
  REQUIRE(client.send(head_of("POST", "/v2/app/blobs/uploads/?digest=" + digest_of(body).str(),
                              {"Content-Length: 5"})));
  const auto begin = std::chrono::steady_clock::now();
  for (const char byte : body) {
    // Together longer than a head may take.
    const auto until = std::chrono::steady_clock::now() + kShort;
    while (std::chrono::steady_clock::now() < until)
      server.serves();
    REQUIRE(client.send({&byte, 1}));
  }
  CHECK(std::chrono::steady_clock::now() - begin > kShort);
  CHECK(client.read_response()->status == 201);
}

/// The first bytes that come, as many as `expected` has.
string read_exactly(WireClient& client, string_view expected) {
  string got;
  becomes_true([&] {
    got += client.read_some(expected.size() - got.size());
    return got.size() >= expected.size();
  });
  return got;
}

TEST_CASE("Wire: who waits to be asked for the body is asked, refused or not needed") {
  WireServer server;
  constexpr string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";
  const string good = "/v2/app/blobs/uploads/?digest=" + digest_of("hello").str();
  const string expect = "Expect: 100-continue";

  SUBCASE("asked, however its head is cut") {
    const string head = head_of("POST", good, {"Content-Length: 5", expect});
    for (std::size_t cut = 1; cut < head.size(); ++cut) {
      CAPTURE(cut);
      WireClient client = server.client();
      client.send(string_view(head).substr(0, cut));
      server.serves();
      client.send(string_view(head).substr(cut));
      REQUIRE(read_exactly(client, kContinue) == kContinue);
      client.send("hello");
      CHECK(read_exactly(client, "HTTP/1.1 201") == "HTTP/1.1 201");
    }
  }
  SUBCASE("asked once, though the body comes at once") {
    WireClient client = server.client();
    client.send(chunked("POST", good, "hello", {expect}, 1) + kPing);
    const string answers = read_exactly(client, kContinue);
    // Not asked for what has come already, or asked before it was seen to have come.
    CHECK((answers == kContinue || answers.starts_with("HTTP/1.1 201")));
    if (answers == kContinue) CHECK(client.read_response()->status == 201);
  }
  SUBCASE("refused at once, and the connection closes because the body may come or not") {
    for (const string& body : {string(), string("hello"), string(300'000, 'x')}) {
      WireClient client = server.client();
      const std::size_t length = body.empty() ? 5 : body.size();
      client.send(head_of("PATCH", "/v2/app/blobs/uploads/none",
                          {"Content-Length: " + std::to_string(length), expect}) +
                  body);
      CHECK(read_exactly(client, "HTTP/1.1 404") == "HTTP/1.1 404");
      client.read_response();
    }
  }
  SUBCASE("refused for its size, before any of it") {
    WireClient client = server.client();
    client.send(head_of("PUT", "/v2/app/manifests/t", {"Content-Length: 99999999", expect}));
    const auto answer = client.read_response();
    REQUIRE(answer);
    CHECK(answer->status == 413);
    CHECK(client.closed_by_server());
  }
  SUBCASE("not needed without a body, in HTTP/1.0, and by who reads no body") {
    for (const string& message :
         {head_of("GET", "/v2/", {expect}), sized("POST", "/v2/app/blobs/uploads/", "", {expect}),
          string("GET /v2/ HTTP/1.0\r\nExpect: 100-continue\r\nContent-Length: 1\r\n\r\nx"),
          sized("GET", "/v2/", "hello", {expect})}) {
      WireClient client = server.client();
      client.send(message);
      CHECK(read_exactly(client, "HTTP/1.1 20").substr(9) == "20");
    }
  }
  server.serves();
}

TEST_CASE("Wire: connections over the limits are turned away, and freed ones count no more") {
  net::Options options = patient();
  options.connections = 6;
  options.connections_per_address = 3;
  WireServer server(options);
  std::set<string> ids;
  std::size_t times = 0;
  const auto turned_away = [&](string_view from) {
    WireClient client = server.stranger(from);
    const auto answer = client.read_response();
    REQUIRE(answer);
    CHECK(answer->status == 503);
    CHECK(wire_codes(*answer) == "UNAVAILABLE");
    CHECK(answer->header("Retry-After") == "1");
    CHECK(answer->header("Connection") == "close");
    CHECK(client.closed_by_server());
    ids.insert(answer->header("X-Request-Id"));
    ++times;
  };
  for (int round = 0; round < 3; ++round) {
    std::vector<WireClient> clients;
    for (const string_view from : {"127.0.0.2", "127.0.0.2", "127.0.0.2", "127.0.0.3"}) {
      clients.push_back(server.stranger(from));
      CHECK(clients.back().exchange(kPing)->status == 200);
    }
    turned_away("127.0.0.2");  // has its three
    clients.push_back(server.stranger("127.0.0.3"));
    clients.push_back(server.stranger("127.0.0.4"));
    for (WireClient& client : clients)
      CHECK(client.exchange(kPing)->status == 200);
    for (const string_view from : {"127.0.0.5", "127.0.0.3", "127.0.0.2"})
      turned_away(from);  // there are six
    for (WireClient& client : clients)
      CHECK(client.exchange(kPing)->status == 200);
    clients.clear();
    CHECK(server.is_quiet());
  }
  CHECK(ids.size() == times);  // the log has each of them
}

}  // namespace
}  // namespace shale::testing

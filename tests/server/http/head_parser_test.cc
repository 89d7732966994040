#include "server/http/head_parser.h"

#include <cstddef>
#include <random>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include <doctest/doctest.h>

#include "tests/server/http/head_outcome.h"

namespace shale::http {
namespace {

using Outcome = HeadOutcome;

const Request* request_in(const Outcome& outcome) {
  const auto* head = std::get_if<ParsedHead>(&outcome);
  return head != nullptr ? &head->request : nullptr;
}

/// Parses the whole and every beginning of it.
Outcome parse_at_every_cut(std::string_view bytes, const HeadLimits& limits = {}) {
  Outcome whole = parse_head(bytes, limits);
  CAPTURE(bytes);
  for (std::size_t cut = 0; cut < bytes.size(); ++cut) {
    const Outcome part = parse_head(bytes.substr(0, cut), limits);
    CAPTURE(cut);
    CHECK_MESSAGE(is_consistent(part, cut, whole), describe(part), " against ", describe(whole));
  }
  return whole;
}

/// A GET with these field lines besides a good Host.
std::string get(std::string_view fields) {
  return "GET / HTTP/1.1\r\nHost: a\r\n" + std::string(fields) + "\r\n";
}

struct Refused {
  std::string_view why;
  std::string bytes;
  Refusal refusal;
};

void check_refused(const std::vector<Refused>& table, const HeadLimits& limits = {}) {
  for (const Refused& row : table) {
    CAPTURE(row.why);
    CHECK(describe(parse_at_every_cut(row.bytes, limits)) == describe(Outcome(row.refusal)));
  }
}

TEST_CASE("parse_head: a request is taken apart") {
  const std::string bytes =
      "PUT /v2/a/manifests/v1?tag=b&tag=c HTTP/1.1\r\n"
      "Host: registry.example:5000\r\n"
      "content-length: 12\r\n"
      "X-Blank:\r\n"
      "X-Spaces: \t two words \t \r\n"
      "X-High: caf\xC3\xA9\r\n\r\n";
  const Outcome outcome = parse_at_every_cut(bytes + R"({"a":"body"})");
  const Request* request = request_in(outcome);
  REQUIRE(request != nullptr);
  CHECK(request->method == Method::kPut);
  CHECK(request->method_text == "PUT");
  CHECK(request->path == "/v2/a/manifests/v1");
  CHECK(request->query == "tag=b&tag=c");
  CHECK(request->version_minor == 1);
  CHECK(request->keep_alive);
  CHECK(request->framing.kind == Framing::Kind::kLength);
  CHECK(request->framing.length == 12);
  CHECK(request->headers.size() == 5);
  CHECK(request->headers.find("Content-Length") == "12");
  CHECK(request->headers.find("x-blank") == "");
  CHECK(request->headers.find("x-spaces") == "two words");
  CHECK(request->headers.find("x-high") == "caf\xC3\xA9");
  CHECK(std::get<ParsedHead>(outcome).consumed == bytes.size());
}

TEST_CASE("parse_head: every method is told by its exact name") {
  const std::vector<std::pair<std::string, Method>> table = {
      {"GET", Method::kGet},         {"HEAD", Method::kHead},      {"POST", Method::kPost},
      {"PUT", Method::kPut},         {"PATCH", Method::kPatch},    {"DELETE", Method::kDelete},
      {"OPTIONS", Method::kOptions}, {"TRACE", Method::kOther},    {"get", Method::kOther},
      {"Get", Method::kOther},       {"PROPFIND", Method::kOther},
  };
  for (const auto& [name, method] : table) {
    CAPTURE(name);
    const Outcome outcome = parse_at_every_cut(name + " / HTTP/1.1\r\nHost: a\r\n\r\n");
    REQUIRE(request_in(outcome) != nullptr);
    CHECK(request_in(outcome)->method == method);
    CHECK(request_in(outcome)->method_text == name);
  }
}

TEST_CASE("parse_head: empty lines before the request line are taken with it") {
  const std::string bytes = "\r\n\r\n" + get("");
  const Outcome outcome = parse_at_every_cut(bytes);
  REQUIRE(request_in(outcome) != nullptr);
  CHECK(std::get<ParsedHead>(outcome).consumed == bytes.size());
  CHECK(describe(parse_at_every_cut("\r\n\r\n")) == "more");
}

TEST_CASE("parse_head: a pipelined request is left alone") {
  const std::string first = get("X: 1\r\n");
  const Outcome outcome = parse_head(first + get("X: 2\r\n"), {});
  REQUIRE(request_in(outcome) != nullptr);
  CHECK(std::get<ParsedHead>(outcome).consumed == first.size());
  CHECK(request_in(outcome)->headers.find("x") == "1");
}

TEST_CASE("parse_head: targets in their allowed forms") {
  struct Row {
    std::string method, target, path, query, host;
  };
  const std::vector<Row> table = {
      {"GET", "/", "/", "", "field"},
      {"GET", "/a?", "/a", "", "field"},
      {"GET", "/a?b?c/d", "/a", "b?c/d", "field"},
      {"GET", "//evil.example/a", "//evil.example/a", "", "field"},
      {"GET", "/../%2e%2E/:@!$&'()*+,;=~", "/../%2e%2E/:@!$&'()*+,;=~", "", "field"},
      {"GET", "http://target:81/a?b", "/a", "b", "target:81"},
      {"GET", "HTTPS://target/", "/", "", "target"},
      {"GET", "http://target", "/", "", "target"},
      {"GET", "http://target?b", "/", "b", "target"},
      {"GET", "http://[::1]:5000/a", "/a", "", "[::1]:5000"},
      {"OPTIONS", "*", "*", "", "field"},
      {"OPTIONS", "http://target", "*", "", "target"},
      {"OPTIONS", "/a", "/a", "", "field"},
  };
  for (const Row& row : table) {
    CAPTURE(row.target);
    const Outcome outcome =
        parse_at_every_cut(row.method + " " + row.target + " HTTP/1.1\r\nHost: field\r\n\r\n");
    const Request* request = request_in(outcome);
    REQUIRE(request != nullptr);
    CHECK(request->path == row.path);
    CHECK(request->query == row.query);
    CHECK(request->headers.find_all("Host") == std::vector<std::string_view>{row.host});
  }
}

TEST_CASE("parse_head: any other target is refused") {
  const auto with = [](const std::string& target) {
    return "GET " + target + " HTTP/1.1\r\nHost: a\r\n\r\n";
  };
  const auto refused = Refusal::kMalformedTarget;
  check_refused({
      {"asterisk without OPTIONS", with("*"), refused},
      {"asterisk and more", "OPTIONS *a HTTP/1.1\r\nHost: a\r\n\r\n", refused},
      {"authority form", "CONNECT a:443 HTTP/1.1\r\nHost: a\r\n\r\n", refused},
      {"CONNECT of a path", "CONNECT /a HTTP/1.1\r\nHost: a\r\n\r\n", refused},
      {"no slash", with("a"), refused},
      {"other scheme", with("ftp://a/"), refused},
      {"no authority", with("http:///a"), refused},
      {"user information", with("http://user@a/"), refused},
      {"bad port", with("http://a:99999/"), refused},
      {"authority with escape", with("http://a%0d/"), refused},
      {"fragment", with("/a#b"), refused},
      {"escape cut short", with("/%"), refused},
      {"escape cut short by one", with("/%4"), refused},
      {"escape of no digits", with("/%zz"), refused},
      {"escape in the query", with("/?%4g"), refused},
      {"brackets in the path", with("/[a]"), refused},
      {"tab", with("/a\tb"), refused},
      {"control character", with("/a\x01"), refused},
      {"NUL", with(std::string("/a\0", 3)), refused},
      {"DEL", with("/a\x7f"), refused},
      {"raw UTF-8", with("/caf\xC3\xA9"), refused},
      {"quote", with("/\""), refused},
      {"backslash", with("/a\\b"), refused},
      {"angle", with("/<a>"), refused},
      {"bare LF", with("/a\nX: b"), refused},
  });
}

TEST_CASE("parse_head: a faulty request line is refused") {
  const auto malformed = Refusal::kMalformedHead;
  const auto version = Refusal::kUnsupportedVersion;
  const std::string rest = "\r\nHost: a\r\n\r\n";
  check_refused({
      {"TLS on a plain port", "\x16\x03\x01\x02", malformed},
      {"SSLv2 hello", std::string("\x80\x2e\x01\x00\x02", 5), malformed},
      {"SSH banner", "SSH-2.0-OpenSSH_9.2\r\n", malformed},
      {"HTTP/2 preface", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", version},
      {"HTTP/0.9", "GET /\r\n", version},
      {"HTTP/1.2", "GET / HTTP/1.2" + rest, version},
      {"HTTP/3.0", "GET / HTTP/3.0" + rest, version},
      {"HTTP/0.0", "GET / HTTP/0.0" + rest, version},
      {"version without a minor number", "GET / HTTP/1" + rest, malformed},
      {"version of two digits", "GET / HTTP/1.11" + rest, malformed},
      {"lower-case version", "GET / http/1.1" + rest, malformed},
      {"blank behind the version", "GET / HTTP/1.1 " + rest, malformed},
      {"two blanks before the target", "GET  / HTTP/1.1" + rest, malformed},
      {"two blanks behind the target", "GET /  HTTP/1.1" + rest, malformed},
      {"tab before the target", "GET\t/ HTTP/1.1" + rest, malformed},
      {"blank before the method", " GET / HTTP/1.1" + rest, malformed},
      {"no token", "G(T / HTTP/1.1" + rest, malformed},
      {"empty method", " / HTTP/1.1" + rest, malformed},
      {"endless method", std::string(40, 'A') + " / HTTP/1.1" + rest, malformed},
      {"bare LF", "GET / HTTP/1.1\nHost: a\r\n\r\n", malformed},
      {"bare CR", "GET / HTTP/1.1\rHost: a\r\n\r\n", malformed},
      {"two CR", "GET / HTTP/1.1\r\r\nHost: a\r\n\r\n", malformed},
      {"bare LF in front", "\nGET / HTTP/1.1" + rest, malformed},
      {"bare CR in front", "\rGET / HTTP/1.1" + rest, malformed},
  });
}

TEST_CASE("parse_head: faulty field lines are refused") {
  const auto malformed = Refusal::kMalformedHead;
  check_refused({
      {"blank before the colon", get("X : a\r\n"), malformed},
      {"tab before the colon", get("X\t: a\r\n"), malformed},
      {"no colon", get("X\r\n"), malformed},
      {"no name", get(": a\r\n"), malformed},
      {"obs-fold with a blank", get("X: a\r\n b\r\n"), malformed},
      {"obs-fold with a tab", get("X: a\r\n\tb\r\n"), malformed},
      {"obs-fold of the last line", get("X: a\r\n \r\n"), malformed},
      {"blank before the first field", "GET / HTTP/1.1\r\n Host: a\r\n\r\n", malformed},
      {"bare LF", get("X: a\nY: b\r\n"), malformed},
      {"bare CR", get("X: a\rY: b\r\n"), malformed},
      {"CR CR LF", get("X: a\r\r\n"), malformed},
      {"bare LF ends the head", "GET / HTTP/1.1\r\nHost: a\r\n\n", malformed},
      {"NUL in the value", get(std::string("X: a\0b\r\n", 8)), malformed},
      {"NUL in the name", get(std::string("X\0: b\r\n", 7)), malformed},
      {"control character in the value", get("X: a\x01\r\n"), malformed},
      {"vertical tab around the value",
       get("X: \x0b"
           "a\r\n"),
       malformed},
      {"DEL in the value", get("X: a\x7f\r\n"), malformed},
      {"high byte in the name", get("X\xE9: a\r\n"), malformed},
      {"brackets in the name", get("X[0]: a\r\n"), malformed},
      {"broken Connection list", get("Connection: a b\r\n"), malformed},
  });
}

TEST_CASE("parse_head: HTTP/1.1 needs exactly one good Host") {
  const auto with = [](const std::string& line) { return "GET / " + line + "\r\n"; };
  const auto host = Refusal::kMissingHost;
  check_refused({
      {"none", with("HTTP/1.1\r\n"), host},
      {"none beside an absolute target", "GET http://a/ HTTP/1.1\r\n\r\n", host},
      {"two", with("HTTP/1.1\r\nHost: a\r\nHost: b\r\n"), host},
      {"two that agree", with("HTTP/1.1\r\nHost: a\r\nhost: a\r\n"), host},
      {"two in HTTP/1.0", with("HTTP/1.0\r\nHost: a\r\nHost: b\r\n"), host},
      {"a list", with("HTTP/1.1\r\nHost: a, b\r\n"), host},
      {"a path", with("HTTP/1.1\r\nHost: a/b\r\n"), host},
      {"user information", with("HTTP/1.1\r\nHost: u@a\r\n"), host},
      {"a blank inside", with("HTTP/1.1\r\nHost: a b\r\n"), host},
      {"no port number", with("HTTP/1.1\r\nHost: a:b\r\n"), host},
      {"port too large", with("HTTP/1.1\r\nHost: a:65536\r\n"), host},
      {"bare IPv6", with("HTTP/1.1\r\nHost: ::1\r\n"), host},
      {"markup", with("HTTP/1.1\r\nHost: a\"><b\r\n"), host},
  });
  for (const std::string value :
       {"a", "a.example:80", "127.0.0.1:5000", "[::1]", "[::1]:5000", "under_score", ""}) {
    CAPTURE(value);
    CHECK(request_in(parse_at_every_cut(with("HTTP/1.1\r\nHost: " + value + "\r\n"))) != nullptr);
  }
  CHECK(request_in(parse_at_every_cut(with("HTTP/1.0\r\n"))) != nullptr);
}

TEST_CASE("parse_head: the framing that is told") {
  struct Row {
    std::string fields;
    Framing::Kind kind;
    std::uint64_t length;
  };
  const std::vector<Row> table = {
      {"", Framing::Kind::kNone, 0},
      {"Content-Length: 0\r\n", Framing::Kind::kLength, 0},
      {"Content-Length: 007\r\n", Framing::Kind::kLength, 7},
      {"Content-Length: \t5 \r\n", Framing::Kind::kLength, 5},
      {"Content-Length: 9223372036854775807\r\n", Framing::Kind::kLength, 9223372036854775807U},
      {"Transfer-Encoding: chunked\r\n", Framing::Kind::kChunked, 0},
      {"TRANSFER-ENCODING:Chunked\r\n", Framing::Kind::kChunked, 0},
  };
  for (const Row& row : table) {
    CAPTURE(row.fields);
    const Outcome outcome = parse_at_every_cut(get(row.fields));
    REQUIRE(request_in(outcome) != nullptr);
    CHECK(request_in(outcome)->framing.kind == row.kind);
    CHECK(request_in(outcome)->framing.length == row.length);
  }
}

TEST_CASE("parse_head: framing that two readers could take differently is refused") {
  const auto malformed = Refusal::kMalformedHead;
  const auto conflict = Refusal::kConflictingLength;
  const auto coding = Refusal::kUnsupportedCoding;
  const std::string length = "Content-Length: 5\r\n";
  const std::string chunked = "Transfer-Encoding: chunked\r\n";
  check_refused({
      {"both", get(length + chunked), conflict},
      {"both, the other way round", get(chunked + length), conflict},
      {"both, coding unknown", get("Transfer-Encoding: x\r\n" + length), conflict},
      {"two that differ", get(length + "Content-Length: 6\r\n"), conflict},
      {"two that agree", get(length + length), conflict},
      {"a list that agrees", get("Content-Length: 5,5\r\n"), malformed},
      {"a list that differs", get("Content-Length: 5, 6\r\n"), malformed},
      {"a list with an empty member", get("Content-Length: 5,\r\n"), malformed},
      {"empty", get("Content-Length:\r\n"), malformed},
      {"plus", get("Content-Length: +5\r\n"), malformed},
      {"minus", get("Content-Length: -5\r\n"), malformed},
      {"hexadecimal", get("Content-Length: 0x5\r\n"), malformed},
      {"a blank inside", get("Content-Length: 5 5\r\n"), malformed},
      {"a fraction", get("Content-Length: 5.0\r\n"), malformed},
      {"more than a file can hold", get("Content-Length: 9223372036854775808\r\n"), malformed},
      {"more than 64 bits", get("Content-Length: 18446744073709551616\r\n"), malformed},
      {"more than 64 bits by far", get("Content-Length: 99999999999999999999999\r\n"), malformed},
      {"other coding", get("Transfer-Encoding: gzip\r\n"), coding},
      {"identity", get("Transfer-Encoding: identity\r\n"), coding},
      {"chunked at the end", get("Transfer-Encoding: gzip, chunked\r\n"), coding},
      {"chunked not at the end", get("Transfer-Encoding: chunked, gzip\r\n"), coding},
      {"chunked twice", get("Transfer-Encoding: chunked, chunked\r\n"), coding},
      {"chunked in two lines", get(chunked + chunked), conflict},
      {"codings in two lines", get("Transfer-Encoding: gzip\r\n" + chunked), conflict},
      {"chunked with a parameter", get("Transfer-Encoding: chunked;q=1\r\n"), coding},
      {"chunked and a comma", get("Transfer-Encoding: chunked,\r\n"), coding},
      {"nearly chunked", get("Transfer-Encoding: xchunked\r\n"), coding},
      {"quoted", get("Transfer-Encoding: \"chunked\"\r\n"), coding},
      {"empty coding", get("Transfer-Encoding:\r\n"), malformed},
      {"HTTP/1.0", "PUT / HTTP/1.0\r\n" + chunked + "\r\n", malformed},
  });
}

TEST_CASE("parse_head: whether the connection goes on") {
  const std::vector<std::pair<std::string, bool>> table = {
      {"HTTP/1.1\r\nHost: a\r\n", true},
      {"HTTP/1.1\r\nHost: a\r\nConnection: close\r\n", false},
      {"HTTP/1.1\r\nHost: a\r\nConnection: x, CLOSE\r\n", false},
      {"HTTP/1.1\r\nHost: a\r\nConnection: x\r\nConnection: close\r\n", false},
      {"HTTP/1.1\r\nHost: a\r\nConnection: closed\r\n", true},
      {"HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n", true},
      {"HTTP/1.0\r\n", false},
      {"HTTP/1.0\r\nConnection: Keep-Alive\r\n", true},
      {"HTTP/1.0\r\nConnection: keep-alive, close\r\n", false},
  };
  for (const auto& [rest, keep_alive] : table) {
    CAPTURE(rest);
    const Outcome outcome = parse_at_every_cut("GET / " + rest + "\r\n");
    REQUIRE(request_in(outcome) != nullptr);
    CHECK(request_in(outcome)->keep_alive == keep_alive);
  }
}

TEST_CASE("parse_head: expectations") {
  const auto head = [](const std::string& version, const std::string& fields) {
    return "PUT / HTTP/" + version + "\r\nHost: a\r\n" + fields + "\r\n";
  };
  const std::vector<std::pair<std::string, bool>> table = {
      {head("1.1", "Content-Length: 1\r\nExpect: 100-continue\r\n"), true},
      {head("1.1", "Transfer-Encoding: chunked\r\nexpect: 100-Continue\r\n"), true},
      {head("1.1", "Content-Length: 0\r\nExpect: 100-continue\r\n"), false},
      {head("1.1", "Expect: 100-continue\r\n"), false},
      {head("1.1", "Content-Length: 1\r\nExpect:\r\n"), false},
      {head("1.0", "Content-Length: 1\r\nExpect: 100-continue\r\n"), false},
      {head("1.0", "Content-Length: 1\r\nExpect: miracles\r\n"), false},
  };
  for (const auto& [bytes, expects] : table) {
    CAPTURE(bytes);
    const Outcome outcome = parse_at_every_cut(bytes);
    REQUIRE(request_in(outcome) != nullptr);
    CHECK(request_in(outcome)->expects_continue == expects);
  }
  check_refused({
      {"another", head("1.1", "Expect: miracles\r\n"), Refusal::kExpectationUnknown},
      {"one more", head("1.1", "Expect: 100-continue, x\r\n"), Refusal::kExpectationUnknown},
  });
}

TEST_CASE("parse_head: the limits hold to the byte, wherever the end is") {
  const std::string bytes = "GET /1234567 HTTP/1.1\r\nHost: a\r\nX: y\r\n\r\n";
  const HeadLimits exact{.bytes = bytes.size(), .target_bytes = 8, .fields = 2};
  CHECK(request_in(parse_at_every_cut(bytes, exact)) != nullptr);
  CHECK(request_in(parse_at_every_cut(bytes + "behind it", exact)) != nullptr);

  // A buffer of the limit's size must not wait for what it cannot take.
  HeadLimits limits = exact;
  SUBCASE("bytes that fill the limit without an end") {
    limits.bytes = bytes.size() - 3;
    CHECK(describe(parse_head(bytes.substr(0, limits.bytes - 1), limits)) == "more");
    CHECK(describe(parse_head(bytes.substr(0, limits.bytes), limits)) ==
          describe(Outcome(Refusal::kHeadTooLarge)));
  }
  SUBCASE("bytes") {
    --limits.bytes;
    check_refused({{"one too many", bytes, Refusal::kHeadTooLarge}}, limits);
  }
  SUBCASE("target") {
    --limits.target_bytes;
    check_refused({{"one too many", bytes, Refusal::kTargetTooLong}}, limits);
  }
  SUBCASE("fields") {
    --limits.fields;
    check_refused({{"one too many", bytes, Refusal::kHeadTooLarge}}, limits);
  }
  SUBCASE("an endless line without end") {
    check_refused(
        {{"value", "GET / HTTP/1.1\r\nX: " + std::string(200, 'a'), Refusal::kHeadTooLarge},
         {"target", "GET /" + std::string(200, 'a'), Refusal::kTargetTooLong},
         {"empty lines", std::string(200, '\r').replace(1, 1, "\n"), Refusal::kMalformedHead}},
        limits);
  }
}

TEST_CASE("parse_head: what is faulty is refused before its end arrives") {
  const std::vector<std::string_view> table = {
      "\x16",
      "GET / HTTQ",
      "GET /\x01",
      "GET / HTTP/1.1\r\nX :",
      "GET / HTTP/1.1\r\nX: a\r\n ",
      "GET / HTTP/2",
      "\n",
  };
  for (const std::string_view bytes : table) {
    CAPTURE(bytes);
    const bool unfinished_version = bytes == "GET / HTTP/2";
    CHECK(std::holds_alternative<Refusal>(parse_head(bytes, {})) == !unfinished_version);
  }
}

TEST_CASE("parse_head: damaged heads give the same answer at every cut") {
  std::mt19937 random(20240517);  // NOLINT(cert-msc51-cpp,bugprone-random-generator-seed)
  const std::string good =
      get("Content-Length: 12\r\nTransfer-Encoding: chunked\r\nConnection: close, x\r\n"
          "Expect: 100-continue\r\nRange: bytes=0-9\r\n");
  const std::string_view spice =
      " \t\r\n\0:,;=/%?*[]#\x7f\x80\xff"
      "0159aZ.-";
  std::size_t accepted = 0;
  for (int round = 0; round < 4000; ++round) {
    std::string bytes = good;
    if (round % 2 == 0) bytes.erase(bytes.find("Transfer"), 28);
    for (auto changes = random() % 4; changes > 0; --changes) {
      const std::size_t at = random() % bytes.size();
      const char c = spice[random() % spice.size()];
      switch (random() % 3) {
        case 0:
          bytes[at] = c;
          break;
        case 1:
          bytes.insert(at, 1, c);
          break;
        default:
          bytes.erase(at, 1);
      }
    }
    if (request_in(parse_at_every_cut(bytes)) != nullptr) ++accepted;
  }
  CHECK(accepted > 100);  // else the loop proves nothing about heads that pass
}

TEST_CASE("parse_head: garbage is never taken for a request") {
  std::mt19937 random(7);  // NOLINT(cert-msc51-cpp,bugprone-random-generator-seed)
  for (int round = 0; round < 4000; ++round) {
    std::string bytes(random() % 64, '\0');
    for (char& c : bytes)
      c = static_cast<char>(random());
    CHECK(request_in(parse_at_every_cut(bytes)) == nullptr);
  }
}

}  // namespace
}  // namespace shale::http

// Where one request ends and the next begins, over a socket: each message whole,
// cut at every byte, in single bytes and from a client that closes its side.

#include <string>
#include <string_view>
#include <vector>

#include <doctest/doctest.h>

#include "tests/server/api/wire.h"

namespace shale::testing {
namespace {

using std::string;
using std::string_view;
using namespace std::string_view_literals;

constexpr After kOpen = After::kStaysOpen;
constexpr After kCloses = After::kCloses;

const string kNext = get("/v2/");

/// A request that a smuggler would like to see answered.
const string kSmuggled = "GET /v2/smuggled/tags/list HTTP/1.1\r\nHost: t\r\n\r\n";

/// A push of `hello` whose head has these lines besides, and what follows it.
string push(string_view lines, string_view rest) {
  return "POST /v2/app/blobs/uploads/?digest=" + digest_of("hello").str() +
         " HTTP/1.1\r\nHost: t\r\n" + string(lines) + "\r\n" + string(rest);
}

string chunks(string_view rest) {
  return push("Transfer-Encoding: chunked\r\n", rest);
}

string asked(string_view head) {
  return string(head) + "\r\n" + kSmuggled;
}

TEST_CASE("Wire: framing that two readers could take differently is refused and closed") {
  WireServer server;
  const string hello = "hello" + kSmuggled;
  const string chunked_hello = "5\r\nhello\r\n0\r\n\r\n" + kSmuggled;
  const auto refused = [](string_view what, string message, int status = 400) {
    return WireRow{what, std::move(message), {{status, "UNSUPPORTED"}}, kCloses};
  };
  server.expect({
      refused("a length and a coding",
              push("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", chunked_hello)),
      refused("a coding and a length",
              push("Transfer-Encoding: chunked\r\nContent-Length: 5\r\n", chunked_hello)),
      refused("differing lengths", push("Content-Length: 5\r\nContent-Length: 6\r\n", hello)),
      refused("the same length twice", push("Content-Length: 5\r\nContent-Length: 5\r\n", hello)),
      refused("a list of lengths", push("Content-Length: 5, 5\r\n", hello)),
      refused("a length with a sign", push("Content-Length: +5\r\n", hello)),
      refused("a negative length", push("Content-Length: -5\r\n", hello)),
      refused("a hexadecimal length", push("Content-Length: 0x5\r\n", hello)),
      refused("a length of nothing", push("Content-Length:\r\n", hello)),
      refused("a length over all bounds", push("Content-Length: 9223372036854775808\r\n", hello)),
      refused("a length that wraps", push("Content-Length: 18446744073709551621\r\n", hello)),
      refused("chunked twice", push("Transfer-Encoding: chunked, chunked\r\n", chunked_hello), 501),
      refused("gzip before chunked", push("Transfer-Encoding: gzip, chunked\r\n", chunked_hello),
              501),
      refused("chunked before identity",
              push("Transfer-Encoding: chunked, identity\r\n", chunked_hello), 501),
      refused("a coding that looks like chunked",
              push("Transfer-Encoding: xchunked\r\n", chunked_hello), 501),
      refused("chunked with a parameter", push("Transfer-Encoding: chunked;a=b\r\n", chunked_hello),
              501),
      refused("codings in two lines",
              push("Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n", chunked_hello)),
      refused("an empty coding", push("Transfer-Encoding:\r\n", chunked_hello)),
      refused("a coding in HTTP/1.0",
              "POST /v2/app/blobs/uploads/ HTTP/1.0\r\nTransfer-Encoding: "
              "chunked\r\n\r\n" +
                  chunked_hello),
      refused("a length hidden behind a blank", push("Content-Length : 5\r\n", hello)),
      refused("a coding hidden behind a tab", push("Transfer-Encoding\t: chunked\r\n", hello)),
      refused("a length hidden in a folded line", push("X: a\r\n Content-Length: 5\r\n", hello)),
      refused("a length behind a NUL", push("X: a\0\r\nContent-Length: 5\r\n"sv, hello)),
  });
}

TEST_CASE("Wire: heads that are no HTTP are refused and closed") {
  WireServer server;
  const auto refused = [](string_view what, string message, int status = 400) {
    return WireRow{what, std::move(message), {{status, "UNSUPPORTED"}}, kCloses};
  };
  server.expect({
      refused("lines that end in LF", "GET /v2/ HTTP/1.1\nHost: t\n\n" + kSmuggled),
      refused("one line that ends in LF", asked("GET /v2/ HTTP/1.1\r\nHost: t\n")),
      refused("one line that ends in CR", asked("GET /v2/ HTTP/1.1\r\nHost: t\rX: y\r\n")),
      refused("CR CR LF", asked("GET /v2/ HTTP/1.1\r\nHost: t\r\r\n")),
      refused("a folded line", asked("GET /v2/ HTTP/1.1\r\nHost: t\r\nX: a\r\n b\r\n")),
      refused("a line folded with a tab", asked("GET /v2/ HTTP/1.1\r\nHost: t\r\nX: a\r\n\tb\r\n")),
      refused("a blank before the first field", asked("GET /v2/ HTTP/1.1\r\n Host: t\r\n")),
      refused("a blank before the colon", asked("GET /v2/ HTTP/1.1\r\nHost : t\r\n")),
      refused("a field without a colon", asked("GET /v2/ HTTP/1.1\r\nHost: t\r\nX\r\n")),
      refused("a field without a name", asked("GET /v2/ HTTP/1.1\r\nHost: t\r\n: x\r\n")),
      refused("a NUL in a name", asked("GET /v2/ HTTP/1.1\r\nHost: t\r\nX\0: a\r\n"sv)),
      refused("a NUL in a value", asked("GET /v2/ HTTP/1.1\r\nHost: t\r\nX: a\0b\r\n"sv)),
      refused("a NUL in the target", asked("GET /v2/\0 HTTP/1.1\r\nHost: t\r\n"sv)),
      refused("a DEL in a value", asked("GET /v2/ HTTP/1.1\r\nHost: t\r\nX: \x7f\r\n")),
      refused("a byte over ASCII in the target", asked("GET /v2/\xe9 HTTP/1.1\r\nHost: t\r\n")),
      refused("a broken escape in the target", asked("GET /v2/%2 HTTP/1.1\r\nHost: t\r\n")),
      refused("two blanks in the request line", asked("GET  /v2/ HTTP/1.1\r\nHost: t\r\n")),
      refused("a tab in the request line", asked("GET\t/v2/ HTTP/1.1\r\nHost: t\r\n")),
      refused("a version in lower case", asked("GET /v2/ http/1.1\r\nHost: t\r\n")),
      refused("HTTP/0.9", "GET /v2/\r\n" + kSmuggled, 505),
      refused("HTTP/2.0", asked("GET /v2/ HTTP/2.0\r\nHost: t\r\n"), 505),
      refused("the preface of HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505),
      refused("a TLS hello", string("\x16\x03\x01\x00\x05\x01\x00\x00\x01\x00"sv)),
      refused("no Host", asked("GET /v2/ HTTP/1.1\r\n")),
      refused("two Hosts", asked("GET /v2/ HTTP/1.1\r\nHost: t\r\nHost: t\r\n")),
      refused("a Host that is a path", asked("GET /v2/ HTTP/1.1\r\nHost: t/../x\r\n")),
      refused("a target with another scheme", asked("GET ftp://t/v2/ HTTP/1.1\r\nHost: t\r\n")),
      refused("CONNECT", asked("CONNECT t:80 HTTP/1.1\r\nHost: t\r\n")),
      refused("an asterisk that is no OPTIONS", asked("GET * HTTP/1.1\r\nHost: t\r\n")),
      refused("an unknown expectation",
              "PATCH /v2/app/blobs/uploads/x HTTP/1.1\r\nHost: t\r\nExpect: "
              "200-ok\r\nContent-Length: 1\r\n\r\nx",
              417),
  });
}

TEST_CASE("Wire: chunks are taken as they are meant or refused") {
  WireServer server;
  const auto taken = [](string_view what, string_view body) {
    return WireRow{what, chunks(body), {{201}}, kOpen};
  };
  const auto refused = [](string_view what, string_view body) {
    return WireRow{what, chunks(string(body) + kSmuggled), {{400, "UNSUPPORTED"}}, kCloses};
  };
  server.expect({
      taken("one chunk", "5\r\nhello\r\n0\r\n\r\n"),
      taken("leading zeros", "0000000000000005\r\nhello\r\n000\r\n\r\n"),
      taken("extensions", "2;a=b;c\r\nhe\r\n3; d=\"e\"\r\nllo\r\n0;last\r\n\r\n"),
      taken("trailer fields that mean nothing here",
            "5\r\nhello\r\n0\r\nContent-Length: 9\r\nTransfer-Encoding: gzip\r\n\r\n"),
      refused("a size with a sign", "+5\r\nhello\r\n0\r\n\r\n"),
      refused("a negative size", "-5\r\nhello\r\n0\r\n\r\n"),
      refused("a size with 0x", "0x5\r\nhello\r\n0\r\n\r\n"),
      refused("a blank before the size", " 5\r\nhello\r\n0\r\n\r\n"),
      refused("a blank behind the size", "5 \r\nhello\r\n0\r\n\r\n"),
      refused("a size of seventeen digits", "00000000000000005\r\nhello\r\n0\r\n\r\n"),
      refused("no size", "\r\nhello\r\n0\r\n\r\n"),
      refused("a size line that ends in LF", "5\nhello\r\n0\r\n\r\n"),
      refused("an extension with a bare LF", "5;a\nb\r\nhello\r\n0\r\n\r\n"),
      refused("an extension with a bare CR", "5;a\rb\r\nhello\r\n0\r\n\r\n"),
      refused("an extension with a NUL", "5;a\0\r\nhello\r\n0\r\n\r\n"sv),
      refused("more bytes than its size", "4\r\nhello\r\n0\r\n\r\n"),
      refused("data that ends in LF", "5\r\nhello\n0\r\n\r\n"),
      refused("a folded trailer", "5\r\nhello\r\n0\r\nX: a\r\n b\r\n\r\n"),
      refused("a trailer with a blank before its colon", "5\r\nhello\r\n0\r\nX : a\r\n\r\n"),
      refused("an end in LF", "5\r\nhello\r\n0\r\n\n"),
      refused("extensions over their limit", "5;" + string(5000, 'x') + "\r\nhello\r\n0\r\n\r\n"),
      {"trailer fields over their limit",
       chunks("5\r\nhello\r\n0\r\nX: " + string(9000, 'x') + "\r\n\r\n"),
       {{431, "UNSUPPORTED"}},
       kCloses},
  });
}

TEST_CASE("Wire: what is too large is refused with its own status") {
  Setup setup;
  setup.settings.manifest_bytes = setup.registry.manifest_bytes = 300;
  WireServer server(patient(), setup);
  const string large(301, 'x');
  const string fits = R"({"schemaVersion":2,"x":")" + string(270, 'x') + "\"}";
  REQUIRE(fits.size() <= 300);
  const auto refused = [](string_view what, string message, int status, string_view code) {
    return WireRow{what, std::move(message), {{status, code}}, kCloses};
  };
  string many = "GET /v2/ HTTP/1.1\r\nHost: t\r\n";
  for (int i = 0; i < 100; ++i)
    many += "X: y\r\n";
  string empty_lines;
  while (empty_lines.size() < 33000)
    empty_lines += "\r\n";
  server.expect({
      refused("a target", asked("GET /" + string(8193, 'a') + " HTTP/1.1\r\nHost: t\r\n"), 414,
              "UNSUPPORTED"),
      refused("a field", asked("GET /v2/ HTTP/1.1\r\nHost: t\r\nX: " + string(33000, 'a') + "\r\n"),
              431, "UNSUPPORTED"),
      refused("a method", asked(string(33, 'A') + " /v2/ HTTP/1.1\r\nHost: t\r\n"), 400,
              "UNSUPPORTED"),
      refused("too many fields", asked(many), 431, "UNSUPPORTED"),
      refused("empty lines without end", empty_lines, 431, "UNSUPPORTED"),
      refused("a manifest, by its length", sized("PUT", "/v2/app/manifests/t", large), 413,
              "MANIFEST_INVALID"),
      refused("a manifest of more than there is memory",
              head_of("PUT", "/v2/app/manifests/t", {"Content-Length: 9223372036854775807"}), 413,
              "MANIFEST_INVALID"),
      refused("a manifest, by its chunks", chunked("PUT", "/v2/app/manifests/t", large), 413,
              "MANIFEST_INVALID"),
      {"a manifest of just the limit",
       sized("PUT", "/v2/app/manifests/t", fits, {"Content-Type: " + string(kImageManifest)}),
       {{400, "MANIFEST_INVALID"}},
       kOpen},
  });
}

TEST_CASE("Wire: pipelined requests are answered in their order, each once") {
  WireServer server;
  const string hello = digest_of("hello").str();
  const string pushed = sized("POST", "/v2/app/blobs/uploads/?digest=" + hello, "hello");
  const string streamed = chunked("POST", "/v2/app/blobs/uploads/?digest=" + hello, "hello", {}, 2);
  const string pulled = get("/v2/app/blobs/" + hello);
  const string unknown = get("/v2/app/manifests/none");
  const string wrong =
      sized("POST", "/v2/app/blobs/uploads/?digest=" + digest_of("other").str(), "hello");
  server.expect({
      {"reads", kNext + unknown + kNext, {{200}, {404, "MANIFEST_UNKNOWN"}, {200}}, kOpen},
      {"behind a body with a length", pushed + pulled + kNext, {{201}, {200}, {200}}, kOpen},
      {"behind a chunked body", streamed + pulled + kNext, {{201}, {200}, {200}}, kOpen},
      {"behind an empty line", kNext + "\r\n" + kNext, {{200}, {200}}, kOpen},
      {"behind a push that failed", wrong + kNext, {{400, "DIGEST_INVALID"}, {200}}, kOpen},
      {"behind a body that was refused unread",
       sized("PATCH", "/v2/app/blobs/uploads/none", "hello") + kNext,
       {{404, "BLOB_UPLOAD_UNKNOWN"}, {200}},
       kOpen},
      {"behind a body that a read ignores",
       sized("GET", "/v2/", kSmuggled) + kNext,
       {{200}, {200}},
       kOpen},
      {"behind bodies that a list and a delete ignore",
       sized("GET", "/v2/_catalog", kSmuggled) +
           sized("DELETE", "/v2/app/manifests/none", kSmuggled) + kNext,
       {{200}, {404, "MANIFEST_UNKNOWN"}, {200}},
       kOpen},
      {"behind a chunked body that a read ignores",
       chunked("GET", "/v2/", kSmuggled) + kNext,
       {{200}},
       kCloses},
      {"behind what is no HTTP",
       kNext + "GET /v2/ HTTP/1.1\r\n\r\n" + kNext,
       {{200}, {400, "UNSUPPORTED"}},
       kCloses},
      {"behind a body that is no HTTP",
       pushed + chunks("x") + kNext,
       {{201}, {400, "UNSUPPORTED"}},
       kCloses},
      {"behind the last request",
       kNext + get("/v2/", {"Connection: close"}) + kNext,
       {{200}, {200}},
       After::kClosesAsAsked},
      {"behind one of HTTP/1.0",
       "GET /v2/ HTTP/1.0\r\n\r\n" + kNext,
       {{200}},
       After::kClosesAsAsked},
      {"an upload in one go",
       sized("PATCH", kFreshUpload, "he") + unknown + kNext,
       {{202}, {404, "MANIFEST_UNKNOWN"}, {200}},
       kOpen},
  });
}

}  // namespace
}  // namespace shale::testing

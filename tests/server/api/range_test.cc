#include <doctest/doctest.h>

#include "tests/server/api/drivers.h"

namespace shale::testing {
namespace {

using std::string;

/// 2048 bytes, as the conformance suite has them.
string sample() {
  string content;
  for (int i = 0; i < 2048; ++i)
    content.push_back(static_cast<char>('a' + i * i % 26));
  return content;
}

struct Part {
  string type;
  string range;
  string body;
};

/// Reads a multipart/byteranges body (RFC 2046, section 5.1).
std::vector<Part> parts_of(const WireResponse& answer) {
  const string type = answer.header("Content-Type");
  constexpr std::string_view kStart = "multipart/byteranges; boundary=";
  REQUIRE(type.starts_with(kStart));
  string boundary = type.substr(kStart.size());
  if (boundary.front() == '"') boundary = boundary.substr(1, boundary.size() - 2);
  const string delimiter = "\r\n--" + boundary;

  std::vector<Part> parts;
  const string body = "\r\n" + answer.body;  // the first delimiter may open the body
  std::size_t at = body.find(delimiter);
  REQUIRE(at != string::npos);
  while (body.compare(at + delimiter.size(), 2, "--") != 0) {
    const std::size_t head = at + delimiter.size();
    const std::size_t content = body.find("\r\n\r\n", head) + 4;
    at = body.find(delimiter, content);
    REQUIRE(at != string::npos);
    Part part{"", "", body.substr(content, at - content)};
    string lines = body.substr(head, content - head);
    for (std::size_t line = lines.find("\r\n"); line + 4 < lines.size();
         line = lines.find("\r\n", line + 2)) {
      const std::size_t end = lines.find("\r\n", line + 2);
      const string field = lines.substr(line + 2, end - line - 2);
      if (field.starts_with("Content-Type: ")) part.type = field.substr(14);
      if (field.starts_with("Content-Range: ")) part.range = field.substr(15);
    }
    parts.push_back(part);
  }
  CHECK(body.substr(at) == delimiter + "--\r\n");
  return parts;
}

TEST_CASE_TEMPLATE("Ranges: one range is 206 with just these bytes", Driver, API_DRIVERS) {
  Driver api;
  const string content = sample();
  const Digest digest = api.push_blob("app", content);
  struct Case {
    string range;
    std::size_t first;
    std::size_t last;
  };
  for (const Case& one :
       {Case{"bytes=500-1499", 500, 1499}, Case{"bytes=500-", 500, 2047},
        Case{"bytes=-500", 1548, 2047}, Case{"bytes=2000-5000", 2000, 2047},
        Case{"bytes=0-", 0, 2047}, Case{"bytes=0-0", 0, 0}, Case{"bytes=-1", 2047, 2047},
        Case{"bytes=-5000", 0, 2047}, Case{"bytes=2047-2047", 2047, 2047},
        Case{"bytes= 5-9 ", 5, 9}, Case{"Bytes=5-9", 5, 9}, Case{"bytes=9000-9001,5-9", 5, 9},
        Case{"bytes=0-99999999999999999999999", 0, 2047}}) {
    CAPTURE(one.range);
    const auto answer = api.ask(get(blob_url("app", digest), {"Range: " + one.range}));
    CHECK(answer.status == 206);
    CHECK(answer.body == content.substr(one.first, one.last - one.first + 1));
    CHECK(answer.header("Content-Range") ==
          "bytes " + std::to_string(one.first) + "-" + std::to_string(one.last) + "/2048");
    CHECK(answer.header("Docker-Content-Digest") == digest.str());
    CHECK(answer.header("Content-Type") == "application/octet-stream");
    CHECK(answer.header("ETag") == '"' + digest.str() + '"');
  }
}

TEST_CASE_TEMPLATE("Ranges: what lies outside is 416 and told the size", Driver, API_DRIVERS) {
  Driver api;
  const Digest digest = api.push_blob("app", sample());
  for (const string range : {"bytes=500-0", "bytes=5000-10000", "bytes=2048-", "bytes=-0",
                             "bytes=9000-,8000-8001", "bytes=99999999999999999999999-"}) {
    CAPTURE(range);
    const auto answer = api.ask(get(blob_url("app", digest), {"Range: " + range}));
    CHECK(answer.status == 416);
    CHECK(answer.header("Content-Range") == "bytes */2048");
    CHECK(wire_codes(answer) == "UNSUPPORTED");
  }
}

TEST_CASE_TEMPLATE("Ranges: what is no range of bytes is ignored", Driver, API_DRIVERS) {
  Driver api;
  const string content = sample();
  const Digest digest = api.push_blob("app", content);
  string many = "Range: bytes=0-0";
  for (int i = 1; i < 200; ++i)
    many += "," + std::to_string(2 * i) + "-" + std::to_string(2 * i);
  for (const string& field :
       {string("Range: bytes=a-b"), string("Range: bytes="), string("Range: lines=0-9"),
        string("Range: 0-9"), string("Range: bytes=0-9,x"), string("Range: bytes=0-2047,0-2047"),
        many}) {
    CAPTURE(field.substr(0, 60));
    const auto answer = api.ask(get(blob_url("app", digest), {field}));
    CHECK(answer.status == 200);
    CHECK(answer.body == content);
    CHECK(answer.header("Content-Range").empty());
  }
}

TEST_CASE_TEMPLATE("Ranges: several ranges are 206 in parts, in the order asked for", Driver,
                   API_DRIVERS) {
  Driver api;
  const string content = sample();
  const Digest digest = api.push_blob("app", content);
  const auto answer =
      api.ask(get(blob_url("app", digest), {"Range: bytes=1000-1009, 20-29,-8, 9000-9999"}));
  CHECK(answer.status == 206);
  CHECK(answer.header("Content-Range").empty());
  CHECK(answer.header("Docker-Content-Digest") == digest.str());
  const auto parts = parts_of(answer);
  REQUIRE(parts.size() == 3);
  CHECK(parts[0].range == "bytes 1000-1009/2048");
  CHECK(parts[0].body == content.substr(1000, 10));
  CHECK(parts[1].range == "bytes 20-29/2048");
  CHECK(parts[1].body == content.substr(20, 10));
  CHECK(parts[2].range == "bytes 2040-2047/2048");
  CHECK(parts[2].body == content.substr(2040));
  for (const Part& part : parts)
    CHECK(part.type == "application/octet-stream");

  const auto again = api.ask(get(blob_url("app", digest), {"Range: bytes=0-1,4-5"}));
  CHECK(again.header("Content-Type") != answer.header("Content-Type"));
}

TEST_CASE_TEMPLATE("Ranges: of an empty blob", Driver, API_DRIVERS) {
  Driver api;
  const Digest digest = api.push_blob("app", "");
  for (const string range : {"bytes=0-", "bytes=0-9", "bytes=-5"}) {
    const auto answer = api.ask(get(blob_url("app", digest), {"Range: " + range}));
    CHECK(answer.status == 200);
    CHECK(answer.header("Content-Length") == "0");
  }
  const auto outside = api.ask(get(blob_url("app", digest), {"Range: bytes=1-"}));
  CHECK(outside.status == 416);
  CHECK(outside.header("Content-Range") == "bytes */0");
}

TEST_CASE_TEMPLATE("Ranges: HEAD, 304 and If-Range come before the range", Driver, API_DRIVERS) {
  Driver api;
  const string content = sample();
  const Digest digest = api.push_blob("app", content);
  const string url = blob_url("app", digest);
  const string tag = '"' + digest.str() + '"';

  const auto seen = api.ask(head(url, {"Range: bytes=0-9"}));
  CHECK(seen.status == 200);
  CHECK(seen.header("Content-Length") == "2048");

  CHECK(api.ask(get(url, {"Range: bytes=0-9", "If-None-Match: " + tag})).status == 304);
  CHECK(api.ask(get(url, {"Range: bytes=0-9", "If-Range: " + tag})).status == 206);
  CHECK(api.ask(get(url, {"Range: bytes=0-9", "If-Range: \"sha256:else\""})).status == 200);
  CHECK(api.ask(get(url, {"Range: bytes=9999-", "If-Range: \"sha256:else\""})).status == 200);
  CHECK(api.ask(get(url, {"Range: bytes=0-9", "If-Range: W/" + tag})).status == 200);
  CHECK(api.ask(get(url, {"Range: bytes=0-9", "If-Range: Sun, 06 Nov 1994 08:49:37 GMT"})).status ==
        200);
}

TEST_CASE_TEMPLATE("Ranges: a blob resumed in two pieces is the blob", Driver, API_DRIVERS) {
  Driver api;
  const string content(700'000, 'r');
  const Digest digest = api.push_blob("app", content);
  const auto first = api.ask(get(blob_url("app", digest), {"Range: bytes=0-399999"}));
  const auto second = api.ask(get(blob_url("app", digest), {"Range: bytes=400000-"}));
  CHECK(first.body + second.body == content);
  CHECK(second.header("Content-Range") == "bytes 400000-699999/700000");
}

TEST_CASE_TEMPLATE("Ranges: manifests are always whole", Driver, API_DRIVERS) {
  Driver api;
  api.push_image("app", "v1", "one");
  const auto answer = api.ask(get(manifest_url("app", "v1"), {"Range: bytes=0-9"}));
  CHECK(answer.status == 200);
  CHECK(answer.body == image_manifest("one"));
}

}  // namespace
}  // namespace shale::testing

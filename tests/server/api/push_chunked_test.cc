#include <chrono>
#include <thread>

#include <doctest/doctest.h>

#include "tests/server/api/drivers.h"

namespace shale::testing {
namespace {

using std::string;

constexpr Algorithm kAlgorithms[] = {Algorithm::kSha256, Algorithm::kSha512};

string chunk(std::string_view method, const string& location, std::string_view body,
             const string& range) {
  return sized(method, location, body,
               {"Content-Type: application/octet-stream", "Content-Range: " + range});
}

string closing(const string& location, const Digest& digest) {
  return with_query(location, "digest=" + escaped(digest.str()));
}

/// `status` says where `location` stands: at the byte after `last`.
void check_position(const WireResponse& answer, const string& location, const string& range) {
  CHECK(answer.header("Location") == location);
  CHECK(answer.header("Range") == range);
  CHECK(location.ends_with("/" + answer.header("Docker-Upload-UUID")));
}

TEST_CASE_TEMPLATE("Chunked push: chunks in order become the blob", Driver, API_DRIVERS) {
  Driver api;
  const string content =
      "the first twenty-two b"
      "the next twenty byte"
      "the rest";
  enum class Last { kPatch, kPutWithRange, kPutWithoutRange };
  for (const Algorithm algorithm : kAlgorithms) {
    for (const Last last : {Last::kPatch, Last::kPutWithRange, Last::kPutWithoutRange}) {
      const Digest digest = digest_of(content, algorithm);
      const string location = api.start_upload("app");

      const auto first = api.ask(chunk("PATCH", location, content.substr(0, 22), "0-21"));
      CHECK(first.status == 202);
      check_position(first, location, "0-21");
      CHECK(first.header("Content-Length") == "0");
      const auto second = api.ask(chunk("PATCH", location, content.substr(22, 20), "22-41"));
      CHECK(second.status == 202);
      check_position(second, location, "0-41");
      api.expect({{get(blob_url("app", digest)), 404, "BLOB_UNKNOWN"}});

      const string rest = content.substr(42);
      const string range = "42-" + std::to_string(content.size() - 1);
      string put = chunked("PUT", closing(location, digest), rest);
      if (last == Last::kPutWithRange) put = chunk("PUT", closing(location, digest), rest, range);
      if (last == Last::kPatch) {
        REQUIRE(api.ask(chunk("PATCH", location, rest, range)).status == 202);
        put = sized("PUT", closing(location, digest), "");
      }
      const auto closed = api.ask(put);
      CHECK(closed.status == 201);
      CHECK(closed.header("Location") == blob_url("app", digest));
      CHECK(closed.header("Docker-Content-Digest") == digest.str());
      CHECK(api.ask(get(blob_url("app", digest))).body == content);
      api.expect(
          {{get(location), 404, "BLOB_UPLOAD_UNKNOWN"}, {del(blob_url("app", digest)), 202}});
    }
  }
}

TEST_CASE_TEMPLATE("Chunked push: a stream without lengths becomes the blob", Driver, API_DRIVERS) {
  Driver api;
  for (const Algorithm algorithm : kAlgorithms) {
    const string content(500'000, 's');
    const Digest digest = digest_of(content, algorithm);
    const string location = api.start_upload("app");
    const auto patch = api.ask(chunked("PATCH", location, content, {}, 40'000));
    CHECK(patch.status == 202);
    check_position(patch, location, "0-499999");
    CHECK(api.ask(sized("PUT", closing(location, digest), "")).status == 201);
    CHECK(api.ask(get(blob_url("app", digest))).body == content);
  }
}

TEST_CASE_TEMPLATE("Chunked push: an empty blob comes as chunks and as a stream", Driver,
                   API_DRIVERS) {
  Driver api;
  for (const Algorithm algorithm : kAlgorithms) {
    const Digest digest = digest_of("", algorithm);
    for (const bool streamed : {false, true}) {
      const string location = api.start_upload("app");
      const auto patch =
          api.ask(streamed ? chunked("PATCH", location, "") : sized("PATCH", location, ""));
      CHECK(patch.status == 202);
      check_position(patch, location, "0-0");
      CHECK(api.ask(sized("PUT", closing(location, digest), "")).status == 201);
      CHECK(api.ask(head(blob_url("app", digest))).header("Content-Length") == "0");
      REQUIRE(api.ask(del(blob_url("app", digest))).status == 202);
    }
  }
}

TEST_CASE_TEMPLATE("Chunked push: a wrong digest is 400 in every shape", Driver, API_DRIVERS) {
  Driver api;
  for (const Algorithm algorithm : kAlgorithms) {
    const Digest wrong = digest_of("right", algorithm);
    const string by_chunks = api.start_upload("app");
    const string by_last_chunk = api.start_upload("app");
    const string by_stream = api.start_upload("app");
    api.expect({{chunk("PATCH", by_chunks, "wro", "0-2"), 202},
                {chunk("PATCH", by_chunks, "ng", "3-4"), 202},
                {sized("PUT", closing(by_chunks, wrong), ""), 400, "DIGEST_INVALID"},
                {chunk("PATCH", by_last_chunk, "wro", "0-2"), 202},
                {chunk("PUT", closing(by_last_chunk, wrong), "ng", "3-4"), 400, "DIGEST_INVALID"},
                {chunked("PATCH", by_stream, "wrong"), 202},
                {sized("PUT", closing(by_stream, wrong), ""), 400, "DIGEST_INVALID"},
                {get(blob_url("app", wrong)), 404, "BLOB_UNKNOWN"},
                {get(blob_url("app", digest_of("wrong", algorithm))), 404, "BLOB_UNKNOWN"}});
  }
}

TEST_CASE_TEMPLATE("Chunked push: a chunk out of order is 416, and the upload goes on", Driver,
                   API_DRIVERS) {
  Driver api;
  string content;
  for (int i = 0; i < 3067; ++i)
    content.push_back(static_cast<char>('a' + i * i % 26));
  const Digest digest = digest_of(content);
  const string location = api.start_upload("app");
  const auto bytes = [&](std::size_t first, std::size_t last) {
    return content.substr(first, last - first + 1);
  };
  const auto check_refused = [&](const string& request, const string& range) {
    const auto answer = api.ask(request);
    CHECK(answer.status == 416);
    CHECK(wire_codes(answer) == "BLOB_UPLOAD_INVALID");
    check_position(answer, location, range);
    const string target = request.substr(request.find(' ') + 1);
    const auto status = api.ask(get(target.substr(0, target.find(' '))));
    CHECK(status.status == 204);
    check_position(status, location, range);
  };
  check_refused(chunk("PATCH", location, bytes(1024, 2047), "1024-2047"), "0-0");
  REQUIRE(api.ask(chunk("PATCH", location, bytes(0, 1023), "0-1023")).status == 202);
  check_refused(chunk("PATCH", location, bytes(0, 1023), "0-1023"), "0-1023");
  check_refused(chunk("PATCH", location, bytes(2048, 3066), "2048-3066"), "0-1023");
  REQUIRE(api.ask(chunk("PATCH", location, bytes(1024, 2047), "1024-2047")).status == 202);
  check_refused(chunk("PATCH", location, bytes(2047, 3066), "2047-3066"), "0-2047");
  const string put = closing(location, digest);
  check_refused(chunk("PUT", put, bytes(1024, 2047), "1024-2047"), "0-2047");
  check_refused(chunk("PUT", put, bytes(2049, 3066), "2049-3066"), "0-2047");
  CHECK(api.ask(chunk("PUT", put, bytes(2048, 3066), "2048-3066")).status == 201);
  CHECK(api.ask(get(blob_url("app", digest))).body == content);
}

TEST_CASE_TEMPLATE("Chunked push: a Content-Range that is none is 400, and the upload goes on",
                   Driver, API_DRIVERS) {
  Driver api;
  const string location = api.start_upload("app");
  for (const string range :
       {"bytes 0-4", "bytes 0-4/5", "bytes=0-4", "0-4/5", "0-", "-4", "4-0", "a-b", "0-4,5-9",
        "0 - 4", "+0-4", "0x0-4", "0--4", "0-99999999999999999999999", ""}) {
    api.expect({{chunk("PATCH", location, "hello", range), 400, "BLOB_UPLOAD_INVALID"},
                {chunk("PUT", closing(location, digest_of("hello")), "hello", range), 400,
                 "BLOB_UPLOAD_INVALID"}});
  }
  CHECK(api.ask(get(location)).header("Range") == "0-0");
  api.expect({{chunk("PUT", closing(location, digest_of("hello")), "hello", "0-4"), 201}});
}

TEST_CASE_TEMPLATE("Chunked push: a body of another length than its range is 400 SIZE_INVALID",
                   Driver, API_DRIVERS) {
  Driver api;
  const string location = api.start_upload("app");
  const string put = closing(location, digest_of("hello"));
  api.expect({{chunk("PATCH", location, "hell", "0-4"), 400, "SIZE_INVALID"},
              {chunk("PATCH", location, "hello!", "0-4"), 400, "SIZE_INVALID"},
              {chunk("PATCH", location, "", "0-0"), 400, "SIZE_INVALID"},
              {chunk("PUT", put, "hell", "0-4"), 400, "SIZE_INVALID"},
              {chunk("PUT", put, "", "0-4"), 400, "SIZE_INVALID"},
              {chunked("PATCH", location, "hello!", {"Content-Range: 0-4"}), 400, "SIZE_INVALID"}});
  CHECK(api.ask(get(location)).header("Range") == "0-0");

  // Where only the end of the body shows it, what came is kept, and told.
  api.expect({{chunked("PATCH", location, "hel", {"Content-Range: 0-4"}), 400, "SIZE_INVALID"}});
  CHECK(api.ask(get(location)).header("Range") == "0-2");
  api.expect({{chunked("PUT", put, "l", {"Content-Range: 3-4"}), 400, "SIZE_INVALID"}});
  CHECK(api.ask(get(location)).header("Range") == "0-3");
  api.expect({{chunk("PUT", put, "o", "4-4"), 201}});
}

TEST_CASE_TEMPLATE("Chunked push: the status says where the upload stands", Driver, API_DRIVERS) {
  Driver api;
  const string location = api.start_upload("app");
  const auto check_status = [&](const string& range) {
    for (const string& request : {get(location), head(location), get(location + "?digest=x")}) {
      const auto status = api.ask(request);
      CHECK(status.status == 204);
      check_position(status, location, range);
    }
  };
  check_status("0-0");
  REQUIRE(api.ask(chunked("PATCH", location, "h")).status == 202);
  check_status("0-0");
  REQUIRE(api.ask(chunked("PATCH", location, "ello")).status == 202);
  check_status("0-4");
}

TEST_CASE_TEMPLATE("Chunked push: the algorithm may be announced, and need not be", Driver,
                   API_DRIVERS) {
  Driver api;
  for (const string hint : {"digest-algorithm=sha256", "digest-algorithm=sha512"}) {
    for (const Algorithm algorithm : kAlgorithms) {
      const Digest digest = digest_of("hinted", algorithm);
      const string location = api.start_upload("app", hint);
      api.expect({{chunked("PATCH", location, "hinted"), 202},
                  {sized("PUT", closing(location, digest), ""), 201},
                  {del(blob_url("app", digest)), 202}});
    }
  }
  for (const string unknown : {"blake3", "md5", "SHA256", "sha256%3A", ""}) {
    api.expect(
        {{post("/v2/app/blobs/uploads/?digest-algorithm=" + unknown), 400, "DIGEST_INVALID"}});
  }
}

TEST_CASE_TEMPLATE("Chunked push: a cancelled upload is gone", Driver, API_DRIVERS) {
  Driver api;
  for (const bool begun : {false, true}) {
    const string location = api.start_upload("app");
    if (begun) REQUIRE(api.ask(chunked("PATCH", location, "hello")).status == 202);
    const auto cancelled = api.ask(del(location));
    CHECK(cancelled.status == 204);
    CHECK(cancelled.body.empty());
    api.expect({{get(location), 404, "BLOB_UPLOAD_UNKNOWN"},
                {head(location), 404},
                {sized("PATCH", location, "x"), 404, "BLOB_UPLOAD_UNKNOWN"},
                {sized("PUT", closing(location, digest_of("x")), "x"), 404, "BLOB_UPLOAD_UNKNOWN"},
                {del(location), 404, "BLOB_UPLOAD_UNKNOWN"}});
  }
}

TEST_CASE_TEMPLATE("Chunked push: an upload is known in its own repository alone", Driver,
                   API_DRIVERS) {
  Driver api;
  const string location = api.start_upload("app");
  const string id = location.substr(location.rfind('/') + 1);
  for (const string& other :
       {"/v2/other/blobs/uploads/" + id, "/v2/app/nested/blobs/uploads/" + id,
        "/v2/app/blobs/uploads/" + UploadId::random().str(), string("/v2/app/blobs/uploads/no-id"),
        string("/v2/app/blobs/uploads/.."), string("/v2/app/blobs/uploads/%2e%2e"),
        "/v2/app/blobs/uploads/" + string(1000, 'a')}) {
    api.expect({{get(other), 404, "BLOB_UPLOAD_UNKNOWN"},
                {head(other), 404},
                {sized("PATCH", other, "x"), 404, "BLOB_UPLOAD_UNKNOWN"},
                {sized("PUT", closing(other, digest_of("x")), "x"), 404, "BLOB_UPLOAD_UNKNOWN"},
                {del(other), 404, "BLOB_UPLOAD_UNKNOWN"}});
  }
  api.expect({{get(location), 204}});
}

TEST_CASE_TEMPLATE("Chunked push: who writes to an upload has it alone", Driver, API_DRIVERS) {
  Driver api;
  const string location = api.start_upload("app");
  auto first =
      api.hold(head_of("PATCH", location, {"Transfer-Encoding: chunked", "Expect: 100-continue"}),
               "3\r\none\r\n");
  api.expect(
      {{chunked("PATCH", location, "two"), 409, "BLOB_UPLOAD_INVALID"},
       {sized("PUT", closing(location, digest_of("two")), "two"), 409, "BLOB_UPLOAD_INVALID"},
       {get(location), 204}});
  const auto done = first->finish("4\r\n two\r\n0\r\n\r\n");
  CHECK(done.status == 202);
  CHECK(done.header("Range") == "0-6");
  api.expect({{sized("PUT", closing(location, digest_of("one two")), ""), 201}});
}

TEST_CASE_TEMPLATE("Chunked push: an upload can be cancelled while it is written to", Driver,
                   API_DRIVERS) {
  Driver api;
  const string location = api.start_upload("app");
  auto writer =
      api.hold(head_of("PATCH", location, {"Transfer-Encoding: chunked", "Expect: 100-continue"}),
               "3\r\none\r\n");
  api.expect({{del(location), 204}, {get(location), 404, "BLOB_UPLOAD_UNKNOWN"}});
  CHECK(writer->finish("4\r\n two\r\n0\r\n\r\n").status == 404);
  api.expect({{get(location), 404, "BLOB_UPLOAD_UNKNOWN"}});
}

TEST_CASE_TEMPLATE("Chunked push: what a client sent before it went away is kept", Driver,
                   API_DRIVERS) {
  Driver api;
  const string location = api.start_upload("app");
  api.hold(head_of("PATCH", location, {"Transfer-Encoding: chunked", "Expect: 100-continue"}),
           "5\r\nhello\r\n")
      .reset();
  // Over a socket the server may take a moment to notice. Until then the upload is the first
  // client's, and an empty chunk is refused.
  auto taken = api.ask(sized("PATCH", location, ""));
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  while (taken.status == 409 && std::chrono::steady_clock::now() < end) {
    std::this_thread::yield();
    taken = api.ask(sized("PATCH", location, ""));
  }
  CHECK(taken.status == 202);
  const auto status = api.ask(get(location));
  CHECK(status.status == 204);
  // What was still on its way is lost, and the client learns how much it was.
  const string range = status.header("Range");
  CHECK((range == "0-4" || range == "0-0"));
  const string rest = range == "0-4" ? " again" : "hello again";
  api.expect({{sized("PUT", closing(location, digest_of("hello again")), rest), 201}});
}

TEST_CASE_TEMPLATE("Chunked push: an upload that nobody came back for expires", Driver,
                   API_DRIVERS) {
  Driver api;
  const string location = api.start_upload("app");
  REQUIRE(api.ask(chunked("PATCH", location, "hello")).status == 202);
  CHECK(value(api.registry().expire_uploads()) == 0);
  api.expect({{get(location), 204}});
  // Files are dated by the real clock, which the fake one has to leave behind.
  api.clock().set(SystemClock().now() + std::chrono::hours(25));
  CHECK(value(api.registry().expire_uploads()) == 1);
  api.expect({{get(location), 404, "BLOB_UPLOAD_UNKNOWN"}});
}

}  // namespace
}  // namespace shale::testing

// Well-formed HTTP that no honest client sends, over a socket: each message whole,
// cut at every byte, in single bytes and from a client that closes its side. What
// each resource says to bad input in full, the other files here show.

#include <string>
#include <string_view>
#include <vector>

#include <doctest/doctest.h>

#include "tests/server/api/wire.h"
#include "tests/server/registry/manifests.h"

namespace shale::testing {
namespace {

using std::string;
using std::string_view;

const string kManifestType = "Content-Type: " + string(kImageManifest);

WireRow row(string_view what, string message, int status, string_view code = "") {
  return {what, std::move(message), {{status, code}}, After::kStaysOpen};
}

string put_manifest(string_view body, string_view reference = "t") {
  return sized("PUT", "/v2/app/manifests/" + string(reference), body, {kManifestType});
}

TEST_CASE("Wire: tricks with paths and names lead nowhere") {
  WireServer server;
  const string deep(200, 'a');
  server.expect({
      row("dots that climb", get("/v2/../../etc/passwd"), 404, "UNSUPPORTED"),
      row("dots in a name", get("/v2/a/../b/tags/list"), 400, "NAME_INVALID"),
      row("escaped dots in a name", get("/v2/a/%2e%2e/b/tags/list"), 400, "NAME_INVALID"),
      row("an escaped slash", get("/v2/a%2fb/tags/list"), 400, "NAME_INVALID"),
      row("an escaped slash in a tag", get("/v2/a/manifests/..%2f..%2fmeta"), 400, "NAME_INVALID"),
      row("an escaped slash in an upload", get("/v2/a/blobs/uploads/..%2fx"), 400, "NAME_INVALID"),
      row("an escaped percent", get("/v2/a%252fb/tags/list"), 400, "NAME_INVALID"),
      row("an escaped backslash", get("/v2/a%5cb/tags/list"), 400, "NAME_INVALID"),
      row("an escaped NUL", get("/v2/a%00/tags/list"), 400, "NAME_INVALID"),
      row("an escaped line end", get("/v2/a%0d%0a/tags/list"), 400, "NAME_INVALID"),
      row("overlong UTF-8", get("/v2/a%c0%ae%c0%ae/tags/list"), 400, "NAME_INVALID"),
      row("broken UTF-8", get("/v2/%ff/tags/list"), 400, "NAME_INVALID"),
      row("half a surrogate", get("/v2/%ed%a0%80/tags/list"), 400, "NAME_INVALID"),
      row("letters beyond ASCII", get("/v2/caf%c3%a9/tags/list"), 400, "NAME_INVALID"),
      row("empty parts", get("/v2//a//tags/list"), 400, "NAME_INVALID"),
      row("an over-long name", get("/v2/" + deep + "/" + deep + "/tags/list"), 400, "NAME_INVALID"),
      row("an over-long tag", get("/v2/a/manifests/" + string(129, 't')), 404, "MANIFEST_UNKNOWN"),
      row("an absolute target", get("http://elsewhere/v2/../x/tags/list"), 400, "NAME_INVALID"),
      row("a query that is no UTF-8", get("/v2/_catalog?last=%ff"), 400, "UNSUPPORTED"),
      row("an upload that climbs", get("/v2/a/blobs/uploads/.."), 404, "BLOB_UPLOAD_UNKNOWN"),
  });
}

TEST_CASE("Wire: a wrong digest is refused in every shape of upload, and nothing is kept") {
  WireServer server;
  const string other = digest_of("other").str();
  const string close = with_query(kFreshUpload, "digest=" + other);
  const string uploads = "/v2/app/blobs/uploads/";
  const auto wrong = [](string_view what, string message) {
    return row(what, std::move(message), 400, "DIGEST_INVALID");
  };
  server.expect({
      wrong("POST with a length", sized("POST", with_query(uploads, "digest=" + other), "hello")),
      wrong("POST in chunks",
            chunked("POST", with_query(uploads, "digest=" + other), "hello", {}, 3)),
      wrong("PUT with a length", sized("PUT", close, "hello")),
      wrong("PUT in chunks", chunked("PUT", close, "hello", {}, 2)),
      wrong("PUT of nothing", sized("PUT", close, "")),
      wrong("sha512",
            sized("PUT",
                  with_query(kFreshUpload, "digest=" + digest_of("x", Algorithm::kSha512).str()),
                  "hello")),
      wrong("a digest that is none",
            sized("PUT", with_query(kFreshUpload, "digest=sha256:..%2f.."), "hello")),
      wrong("no digest", sized("PUT", kFreshUpload, "hello")),
      wrong("another algorithm",
            sized("PUT", with_query(kFreshUpload, "digest=md5:" + string(32, '0')), "hello")),
      wrong("a mount of what is no digest", post(with_query(uploads, "mount=sha256:x&from=app"))),
      wrong("a manifest under another digest",
            put_manifest(R"({"schemaVersion":2})", digest_of("other").str())),
  });
  CHECK_FALSE(server.registry().open_blob(repository("app"), digest_of("hello")));
  CHECK_FALSE(server.registry().open_blob(repository("app"), digest_of("other")));
}

TEST_CASE("Wire: chunks and ranges that do not fit are told so") {
  WireServer server;
  const string hello = "/v2/app/blobs/" + digest_of("hello").str();
  const string push =
      sized("POST", "/v2/app/blobs/uploads/?digest=" + digest_of("hello").str(), "hello");
  server.expect({
      row("the blob", push, 201),
      row("its middle", get(hello, {"Range: bytes=1-3"}), 206),
      row("beyond its end", get(hello, {"Range: bytes=5-"}), 416, "UNSUPPORTED"),
      row("far beyond", get(hello, {"Range: bytes=99999999999999999999999-"}), 416, "UNSUPPORTED"),
      row("across its end", get(hello, {"Range: bytes=4-99999999999999999999999"}), 206),
      row("turned round", get(hello, {"Range: bytes=3-1"}), 416, "UNSUPPORTED"),
      row("the last none", get(hello, {"Range: bytes=-0"}), 416, "UNSUPPORTED"),
      row("of another unit", get(hello, {"Range: items=1-2"}), 200),
      row("no range at all", get(hello, {"Range: bytes=a-b"}), 200),
      row("a chunk behind a gap", sized("PATCH", kFreshUpload, "hello", {"Content-Range: 9-13"}),
          416, "BLOB_UPLOAD_INVALID"),
      row("a chunk of another length",
          sized("PATCH", kFreshUpload, "hello", {"Content-Range: 0-9"}), 400, "SIZE_INVALID"),
      row("chunks of another length",
          chunked("PATCH", kFreshUpload, "hello", {"Content-Range: 0-9"}, 2), 400, "SIZE_INVALID"),
      row("a chunk whose range is none",
          sized("PATCH", kFreshUpload, "hello", {"Content-Range: bytes 0-4/5"}), 400,
          "BLOB_UPLOAD_INVALID"),
      row("a chunk whose range wraps",
          sized("PATCH", kFreshUpload, "hello",
                {"Content-Range: 18446744073709551615-18446744073709551616"}),
          400, "BLOB_UPLOAD_INVALID"),
  });
}

TEST_CASE("Wire: manifests made to hurt are refused") {
  WireServer server;
  const string config =
      R"({"mediaType":"a/b","digest":")" + digest_of("x").str() + R"(","size":1})";
  const string open = R"({"schemaVersion":2,"config":)" + config + R"(,"layers":[])";
  const auto bad = [](string_view what, string_view body) {
    return row(what, put_manifest(body), 400, "MANIFEST_INVALID");
  };
  string layers = "{}";
  for (int i = 0; i < 1'000; ++i)
    layers += ",{}";
  server.expect({
      bad("nothing", ""),
      bad("no JSON",
          "\x7f"
          "ELF"),
      bad("a list", "[]"),
      bad("one cut short", open),
      bad("one with more behind it", open + "}{}"),
      bad("brackets without end", R"({"layers":)" + string(2'000, '[')),
      bad("nested deeply in what nobody reads",
          open + R"(,"x":)" + string(1'000, '[') + string(1'000, ']') + "}"),
      bad("of countless layers", R"({"schemaVersion":2,"layers":[)" + layers + "]}"),
      bad("with a key twice", open + R"(,"layers":[]})"),
      bad("with a key twice, once in escapes", open + R"(,"l\u0061yers":[]})"),
      bad("with a key twice inside", R"({"schemaVersion":2,"config":{"size":1,"size":2}})"),
      bad("in broken UTF-8", open + ",\"x\":\"\xff\"}"),
      bad("with a NUL behind it", string(open + "}") + '\0'),
      row("whose blob is missing", put_manifest(open + "}"), 400, "MANIFEST_BLOB_UNKNOWN"),
  });
}

}  // namespace
}  // namespace shale::testing

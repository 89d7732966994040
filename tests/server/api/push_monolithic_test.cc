#include <doctest/doctest.h>

#include "tests/server/api/drivers.h"

namespace shale::testing {
namespace {

using std::string;

constexpr std::string_view kUploads = "/v2/app/blobs/uploads/";
constexpr Algorithm kAlgorithms[] = {Algorithm::kSha256, Algorithm::kSha512};

string digest_query(const Digest& digest) {
  return "digest=" + escaped(digest.str());
}

/// The blob is in `app`, and where the answer to its push says.
void check_pushed(Client& api, const WireResponse& answer, std::string_view content,
                  const Digest& digest) {
  INFO("body: ", answer.body);
  CHECK(answer.status == 201);
  CHECK(answer.header("Location") == blob_url("app", digest));
  CHECK(answer.header("Docker-Content-Digest") == digest.str());
  CHECK(answer.body.empty());
  const auto got = api.ask(get(answer.header("Location")));
  CHECK(got.status == 200);
  CHECK(got.body == content);
}

TEST_CASE_TEMPLATE("Monolithic push: POST opens an upload", Driver, API_DRIVERS) {
  Driver api;
  for (const string target : {"/v2/team/app/blobs/uploads/", "/v2/team/app/blobs/uploads"}) {
    const auto answer = api.ask(post(target, {"Content-Type: application/json"}));
    CHECK(answer.status == 202);
    const string id = answer.header("Docker-Upload-UUID");
    CHECK(UploadId::parse(id).has_value());
    CHECK(answer.header("Location") == "/v2/team/app/blobs/uploads/" + id);
    CHECK(answer.header("Range") == "0-0");
    CHECK(answer.header("Content-Length") == "0");
    CHECK(answer.header("OCI-Chunk-Min-Length").empty());
  }
  CHECK(api.start_upload("app") != api.start_upload("app"));
  // An upload makes no repository yet.
  api.expect({{get("/v2/app/tags/list"), 404, "NAME_UNKNOWN"}});
}

TEST_CASE_TEMPLATE("Monolithic push: PUT brings the whole blob", Driver, API_DRIVERS) {
  Driver api;
  for (const Algorithm algorithm : kAlgorithms) {
    for (const std::size_t size : {std::size_t{1}, std::size_t{2000}, std::size_t{600'000}}) {
      const string content(size, static_cast<char>('a' + size % 26));
      const Digest digest = digest_of(content, algorithm);
      const auto target = [&] { return with_query(api.start_upload("app"), digest_query(digest)); };
      check_pushed(api, api.ask(sized("PUT", target(), content)), content, digest);
      check_pushed(api, api.ask(chunked("PUT", target(), content)), content, digest);
    }
  }
}

TEST_CASE_TEMPLATE("Monolithic push: a single POST brings the whole blob", Driver, API_DRIVERS) {
  Driver api;
  for (const Algorithm algorithm : kAlgorithms) {
    for (const std::size_t size : {std::size_t{1}, std::size_t{2000}, std::size_t{600'000}}) {
      const string content(size, static_cast<char>('A' + size % 26));
      const Digest digest = digest_of(content, algorithm);
      const string target = string(kUploads) + "?" + digest_query(digest);
      check_pushed(api, api.ask(sized("POST", target, content)), content, digest);
      check_pushed(api, api.ask(chunked("POST", target, content)), content, digest);
    }
  }
}

TEST_CASE_TEMPLATE("Monolithic push: an empty blob comes in every shape", Driver, API_DRIVERS) {
  Driver api;
  for (const Algorithm algorithm : kAlgorithms) {
    const Digest digest = digest_of("", algorithm);
    const auto target = [&] { return with_query(api.start_upload("app"), digest_query(digest)); };
    const string single = string(kUploads) + "?" + digest_query(digest);
    for (const string& request :
         {sized("PUT", target(), ""), chunked("PUT", target(), ""), head_of("PUT", target()),
          sized("POST", single, ""), chunked("POST", single, ""), head_of("POST", single)}) {
      check_pushed(api, api.ask(request), "", digest);
      CHECK(api.ask(head(blob_url("app", digest))).header("Content-Length") == "0");
      REQUIRE(api.ask(del(blob_url("app", digest))).status == 202);
      api.expect({{get(blob_url("app", digest)), 404, "BLOB_UNKNOWN"}});
    }
  }
}

TEST_CASE_TEMPLATE("Monolithic push: a wrong digest is 400 and publishes nothing", Driver,
                   API_DRIVERS) {
  Driver api;
  for (const Algorithm algorithm : kAlgorithms) {
    const string content = "content that is named wrongly";
    const Digest wrong = digest_of(content, algorithm);
    const string sent = content + "\nextra";
    const auto target = [&] { return with_query(api.start_upload("app"), digest_query(wrong)); };
    const string single = string(kUploads) + "?" + digest_query(wrong);
    api.expect({{sized("PUT", target(), sent), 400, "DIGEST_INVALID"},
                {chunked("PUT", target(), sent), 400, "DIGEST_INVALID"},
                {sized("PUT", target(), ""), 400, "DIGEST_INVALID"},
                {sized("POST", single, sent), 400, "DIGEST_INVALID"},
                {chunked("POST", single, sent), 400, "DIGEST_INVALID"},
                {chunked("POST", single, ""), 400, "DIGEST_INVALID"},
                {get(blob_url("app", wrong)), 404, "BLOB_UNKNOWN"},
                {get(blob_url("app", digest_of(sent, algorithm))), 404, "BLOB_UNKNOWN"},
                // and the right one is still welcome
                {sized("POST", single, content), 201},
                {get(blob_url("app", wrong)), 200}});
  }
}

TEST_CASE_TEMPLATE("Monolithic push: a wrong digest uses the upload up", Driver, API_DRIVERS) {
  Driver api;
  const string location = api.start_upload("app");
  const auto answer =
      api.ask(sized("PUT", with_query(location, digest_query(digest_of("right"))), "wrong"));
  CHECK(answer.status == 400);
  CHECK(answer.body.find(digest_of("right").str()) != string::npos);
  api.expect({{get(location), 404, "BLOB_UPLOAD_UNKNOWN"},
              {sized("PATCH", location, "x"), 404, "BLOB_UPLOAD_UNKNOWN"}});
}

TEST_CASE_TEMPLATE("Monolithic push: a digest that is missing or no digest keeps the upload",
                   Driver, API_DRIVERS) {
  Driver api;
  const string location = api.start_upload("app");
  const auto without = api.ask(sized("PUT", location, "content"));
  CHECK(without.status == 400);
  CHECK(wire_codes(without) == "DIGEST_INVALID");
  CHECK(without.body.find("the query parameter digest is missing") != string::npos);
  api.expect(
      {{sized("PUT", location + "?digest=", "content"), 400, "DIGEST_INVALID"},
       {sized("PUT", location + "?digest=sha256:baddigeststring", "content"), 400,
        "DIGEST_INVALID"},
       {sized("PUT", location + "?digest=blake3:" + string(64, 'a'), "content"), 400,
        "DIGEST_INVALID"},
       {get(location), 204},
       {sized("PUT", with_query(location, digest_query(digest_of("content"))), "content"), 201}});
}

TEST_CASE_TEMPLATE("Monolithic push: an upload that ended is gone", Driver, API_DRIVERS) {
  Driver api;
  const string location = api.start_upload("app");
  const string target = with_query(location, digest_query(digest_of("content")));
  api.expect({{sized("PUT", target, "content"), 201},
              {sized("PUT", target, "content"), 404, "BLOB_UPLOAD_UNKNOWN"},
              {get(location), 404, "BLOB_UPLOAD_UNKNOWN"},
              {head(location), 404},
              {del(location), 404, "BLOB_UPLOAD_UNKNOWN"}});
}

TEST_CASE_TEMPLATE("Monolithic push: the same blob may come again, here and elsewhere", Driver,
                   API_DRIVERS) {
  Driver api;
  for (const string name : {"app", "app", "other"}) {
    const Digest digest = api.push_blob(name, "the same");
    CHECK(api.ask(get(blob_url(name, digest))).body == "the same");
  }
  REQUIRE(api.ask(del(blob_url("app", digest_of("the same")))).status == 202);
  api.expect({{get(blob_url("other", digest_of("the same"))), 200}});
}

TEST_CASE_TEMPLATE("Monolithic push: the type of the content and further parameters do not matter",
                   Driver, API_DRIVERS) {
  Driver api;
  for (const std::string_view type :
       {"Content-Type: application/x-www-form-urlencoded", "Content-Type: application/octet-stream",
        "Content-Type: application/json; charset=utf-8", "Content-Type: nonsense",
        "Content-Type:"}) {
    const string content = "a=1&digest=sha256%3A" + string(type);
    const Digest digest = digest_of(content);
    const string location = api.start_upload("app");
    check_pushed(api,
                 api.ask(sized("PUT", location + "?_state=x%2By&" + digest_query(digest) + "&z=",
                               content, {type})),
                 content, digest);
  }
}

TEST_CASE_TEMPLATE("Monolithic push: a client may wait to be asked for the body", Driver,
                   API_DRIVERS) {
  Driver api;
  const string target = with_query(api.start_upload("app"), digest_query(digest_of("content")));
  const auto held =
      api.hold(head_of("PUT", target, {"Content-Length: 7", "Expect: 100-continue"}), "con");
  check_pushed(api, held->finish("tent"), "content", digest_of("content"));
}

}  // namespace
}  // namespace shale::testing

#include <doctest/doctest.h>

#include "tests/server/api/drivers.h"

namespace shale::testing {
namespace {

using std::string;

bool contains(const string& text, std::string_view part) {
  return text.find(part) != string::npos;
}

TEST_CASE_TEMPLATE("Base: /v2/ says that the API is here, with and without the slash", Driver,
                   API_DRIVERS) {
  Driver api;
  for (const std::string_view path : {"/v2/", "/v2", "/v2/?n=1"}) {
    const auto answer = api.ask(get(path));
    CHECK(answer.status == 200);
    CHECK(answer.header("Content-Type") == "application/json");
    CHECK(answer.body == "{}");
    CHECK(api.ask(head(path)).header("Content-Length") == "2");
  }
}

TEST_CASE_TEMPLATE("Base: a path that names nothing is 404", Driver, API_DRIVERS) {
  Driver api;
  const string digest = digest_of("x").str();
  for (const string& path : {string("/"),
                             string("/v1/"),
                             string("/v2a"),
                             string("/v2/app"),
                             string("/v2/app/"),
                             string("/v2/app/manifests"),
                             string("/v2/manifests/v1"),
                             string("/v2/app/manifests/v1/"),
                             string("/v2/app/tags"),
                             string("/v2/app/tags/list/"),
                             string("/v2/app/tags/lists"),
                             string("/v2/tags/list"),
                             string("/v2/blobs/uploads/"),
                             string("/v2/app/uploads/"),
                             string("/v2/app/blobs/uploads/a/b"),
                             "/v2/referrers/" + digest,
                             "/v2/blobs/" + digest,
                             string("/v2/_catalog/"),
                             string("/v2/_oci/ext/discover"),
                             string("/V2/"),
                             string("/healthz"),
                             "//v2/app/blobs/" + digest}) {
    api.expect({{get(path), 404, "UNSUPPORTED"},
                {head(path), 404},
                {post(path), 404, "UNSUPPORTED"},
                {del(path), 404, "UNSUPPORTED"}});
  }
  CHECK(api.ask("OPTIONS * HTTP/1.1\r\nHost: t\r\n\r\n").status == 404);
}

TEST_CASE_TEMPLATE("Base: a method that a path does not have is 405 and told what it has", Driver,
                   API_DRIVERS) {
  Driver api;
  const string digest = digest_of("x").str();
  const string upload = "/v2/app/blobs/uploads/" + UploadId::random().str();
  struct Resource {
    string path;
    string allowed;
    std::vector<std::string_view> refused;
  };
  const std::vector<Resource> resources = {
      {"/v2/", "GET, HEAD", {"POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "get"}},
      {"/v2/_catalog", "GET, HEAD", {"POST", "PUT", "PATCH", "DELETE", "OPTIONS"}},
      {"/v2/app/tags/list", "GET, HEAD", {"POST", "PUT", "PATCH", "DELETE", "OPTIONS"}},
      {"/v2/app/referrers/" + digest, "GET, HEAD", {"POST", "PUT", "PATCH", "DELETE", "OPTIONS"}},
      {"/v2/app/manifests/v1", "GET, HEAD, PUT, DELETE", {"POST", "PATCH", "OPTIONS"}},
      {"/v2/app/blobs/" + digest, "GET, HEAD, DELETE", {"POST", "PUT", "PATCH", "OPTIONS"}},
      {"/v2/app/blobs/uploads/", "POST", {"GET", "HEAD", "PUT", "PATCH", "DELETE", "OPTIONS"}},
      {"/v2/app/blobs/uploads", "POST", {"GET", "HEAD", "PUT", "PATCH", "DELETE", "OPTIONS"}},
      {upload, "GET, HEAD, PATCH, PUT, DELETE", {"POST", "OPTIONS"}},
  };
  for (const Resource& resource : resources) {
    for (const std::string_view method : resource.refused) {
      CAPTURE(resource.path);
      CAPTURE(method);
      const auto answer = api.ask(head_of(method, resource.path));
      CHECK(answer.status == 405);
      CHECK(answer.header("Allow") == resource.allowed);
      if (method != "HEAD") CHECK(wire_codes(answer) == "UNSUPPORTED");
    }
  }
}

TEST_CASE_TEMPLATE("Base: what is no HTTP gets an error body too", Driver, API_DRIVERS) {
  Driver api;
  const string host = "Host: t\r\n";
  api.expect({
      {"GET /v2/\r\n\r\n", 505, "UNSUPPORTED"},
      {"GET /v2/ HTTP/2.0\r\n" + host + "\r\n", 505, "UNSUPPORTED"},
      {"GET /v2/ HTTP/1.1\r\n\r\n", 400, "UNSUPPORTED"},
      {"GET /v2/ HTTP/1.1\r\n" + host + host + "\r\n", 400, "UNSUPPORTED"},
      {"GET /v2/%zz HTTP/1.1\r\n" + host + "\r\n", 400, "UNSUPPORTED"},
      {"GET /v2/?n=%2 HTTP/1.1\r\n" + host + "\r\n", 400, "UNSUPPORTED"},
      {"GET /v2/\x01 HTTP/1.1\r\n" + host + "\r\n", 400, "UNSUPPORTED"},
      {"GET /v2/" + string(9000, 'a') + " HTTP/1.1\r\n" + host + "\r\n", 414, "UNSUPPORTED"},
      {get("/v2/", {"Cookie: " + string(40000, 'a')}), 431, "UNSUPPORTED"},
      {get("/v2/", {"Expect: the unexpected"}), 417, "UNSUPPORTED"},
      {get("/v2/", {"Transfer-Encoding: gzip, chunked"}), 501, "UNSUPPORTED"},
      {post("/v2/app/blobs/uploads/", {"Content-Length: 0"}), 400, "UNSUPPORTED"},
  });
}

TEST_CASE_TEMPLATE("Base: a body that is no chunked coding is refused on every route that reads it",
                   Driver, API_DRIVERS) {
  Driver api;
  const string patched = api.start_upload("app");
  const string put = api.start_upload("app");
  const string body = "xyz\r\n";
  const string digest = digest_of("x").str();
  const Fields fields = {"Transfer-Encoding: chunked"};
  api.expect({
      {head_of("PATCH", patched, fields) + body, 400, "UNSUPPORTED"},
      {head_of("PUT", with_query(put, "digest=" + digest), fields) + body, 400, "UNSUPPORTED"},
      {head_of("POST", "/v2/app/blobs/uploads/?digest=" + digest, fields) + body, 400,
       "UNSUPPORTED"},
      {head_of("PUT", "/v2/app/manifests/v1", fields) + body, 400, "UNSUPPORTED"},
  });
}

TEST_CASE_TEMPLATE("Base: a refused upload is answered however large it is, and so is what follows",
                   Driver, API_DRIVERS) {
  Driver api;
  for (const std::string_view length : {"small", "too large to be skipped"}) {
    const string body(length == "small" ? 100 : 300'000, 'b');
    api.expect({
        {sized("PUT", "/v2/app/blobs/uploads/nothing?digest=" + digest_of(body).str(), body), 404,
         "BLOB_UPLOAD_UNKNOWN"},
        {chunked("PATCH", "/v2/app/blobs/uploads/nothing", body), 404, "BLOB_UPLOAD_UNKNOWN"},
        {sized("PUT", "/v2/app/manifests/v1", "no JSON"), 400, "MANIFEST_INVALID"},
        {get("/v2/"), 200},
    });
  }
}

TEST_CASE_TEMPLATE("Base: a body that nobody asked for changes no answer", Driver, API_DRIVERS) {
  Driver api;
  const Digest image = api.push_image("app", "v1", "one");
  const auto check_bodies = [&](std::string_view method, const string& target, int status) {
    CAPTURE(method);
    CAPTURE(target);
    // Twice, for then a list is kept.
    for (const string& request :
         {sized(method, target, "{}"), chunked(method, target, "{}"), sized(method, target, "{}"),
          chunked(method, target, ""), sized(method, target, string(300'000, 'x'))}) {
      CHECK(api.ask(request).status == status);
    }
  };
  const string upload = api.start_upload("app");
  for (const string& target : {string("/v2/"), string("/v2/_catalog"), string("/v2/app/tags/list"),
                               "/v2/app/referrers/" + image.str(), manifest_url("app", "v1"),
                               blob_url("app", digest_of("layer of one"))}) {
    check_bodies("GET", target, 200);
    check_bodies("HEAD", target, 200);
  }
  check_bodies("GET", upload, 204);
  check_bodies("DELETE", blob_url("app", digest_of("none")), 404);
  api.expect({{sized("POST", "/v2/app/blobs/uploads/", "{}"), 202},
              {sized("POST", "/v2/app/nothing", "{}"), 404, "UNSUPPORTED"},
              {sized("DELETE", upload, "{}"), 204},
              {chunked("DELETE", manifest_url("app", "v1"), "{}"), 202}});
}

TEST_CASE_TEMPLATE("Base: the log has each request under the id of its answer", Driver,
                   API_DRIVERS) {
  Driver api;
  const auto found = api.ask(get("/v2/_catalog?n=5", {"User-Agent: the \"client\""}));
  const string line = api.log_line(found);
  CHECK(contains(line, R"("level":"info")"));
  CHECK(contains(line, R"("method":"GET")"));
  CHECK(contains(line, R"("path":"/v2/_catalog")"));
  CHECK(contains(line, R"("query":"n=5")"));
  CHECK(contains(line, R"("status":200)"));
  CHECK(contains(line, R"("client":"127.0.0.1")"));
  CHECK(contains(line, R"("agent":"the \"client\"")"));
  CHECK(contains(line, R"("bytes_out":)" + found.header("Content-Length")));

  const auto missing = api.ask(get("/v2/app/manifests/none"));
  CHECK(contains(api.log_line(missing), R"("status":404)"));
  CHECK(contains(api.log_line(missing), R"("cause":)"));

  const auto malformed = api.ask("GET /v2/ HTTP/1.1\r\n\r\n");
  CHECK(contains(api.log_line(malformed), R"("status":400)"));
  CHECK(contains(api.log_line(malformed), R"("cause":"an HTTP/1.1 request needs exactly one)"));
}

/// A push that meets a fault of ours: the blob is recorded with another size already.
template <class Driver>
auto push_what_contradicts(Driver& api) {
  const string body(100, 'p');
  REQUIRE(api.metadata().link_blob(
      {*index::RepositoryName::parse("app"), digest_of(body), 5, std::nullopt, std::nullopt}));
  return api.ask(sized("POST", "/v2/app/blobs/uploads/?digest=" + digest_of(body).str(), body));
}

TEST_CASE_TEMPLATE("Base: a fault of ours is told to the log, and its id to the client", Driver,
                   API_DRIVERS) {
  Driver api;
  const auto answer = push_what_contradicts(api);
  CHECK(answer.status == 500);
  CHECK(wire_codes(answer) == "UNKNOWN");
  CHECK_FALSE(contains(answer.body, "with another size"));
  const string line = api.log_line(answer);
  CHECK(contains(line, R"("level":"error")"));
  CHECK(contains(line, "with another size"));
}

TEST_CASE_TEMPLATE("Base: a blob whose bytes are lost is not here, and the log says why", Driver,
                   API_DRIVERS) {
  Driver api;
  const Digest digest = api.push_blob("app", string(100'000, 'p'));
  REQUIRE(api.blobs().remove(digest));
  const auto answer = api.ask(get(blob_url("app", digest)));
  CHECK(answer.status == 404);
  CHECK(wire_codes(answer) == "BLOB_UNKNOWN");
  CHECK(contains(answer.body, "push the blob again"));
  CHECK(contains(api.log_line(answer), "the store does not have its bytes"));
  api.expect({{head(blob_url("app", digest)), 404}});
  api.push_blob("app", string(100'000, 'p'));
  api.expect({{get(blob_url("app", digest)), 200}});
}

TEST_CASE_TEMPLATE("Base: what HTTP here does not have is no fault of ours", Driver, API_DRIVERS) {
  Driver api;
  const auto version = api.ask("GET /v2/ HTTP/2.0\r\nHost: t\r\n\r\n");
  CHECK(version.status == 505);
  CHECK(contains(api.log_line(version), R"("level":"info")"));
  CHECK(contains(api.log_line(version), R"("cause":"only HTTP/1.1 and HTTP/1.0 are spoken)"));
  const auto coding =
      api.ask("POST /v2/ HTTP/1.1\r\nHost: t\r\nTransfer-Encoding: gzip, chunked\r\n\r\n");
  CHECK(coding.status == 501);
  CHECK(contains(api.log_line(coding), R"("level":"info")"));
  CHECK(contains(api.log_line(coding), R"("cause":"this transfer coding is not supported)"));
}

TEST_CASE_TEMPLATE("Base: without an access log, faults of ours are logged all the same", Driver,
                   API_DRIVERS) {
  Setup setup;
  setup.settings.access_log = false;
  Driver api(setup);
  const auto quiet = api.ask(get("/v2/"));
  const auto answer = push_what_contradicts(api);
  const string line = api.log_line(answer);
  CHECK(contains(line, R"("status":500)"));
  CHECK_FALSE(contains(line, quiet.header("X-Request-Id") + '"'));
}

TEST_CASE("Base: a store without space refuses uploads with words and serves on") {
  InProcess api;
  const Digest kept = api.push_blob("app", "kept");
  const string location = api.start_upload("app");
  api.memory().set_space({.free = 100, .reserve = 95});
  const string body(50, 'b');
  const string digest = digest_of(body).str();
  api.expect({
      {sized("PATCH", location, body), 507, "DENIED"},
      {sized("PUT", with_query(location, "digest=" + digest), body), 507, "DENIED"},
      {sized("POST", "/v2/app/blobs/uploads/?digest=" + digest, body), 507, "DENIED"},
      {get(blob_url("app", kept)), 200},
  });
  api.memory().set_space({.free = 1000, .reserve = 95});
  api.expect({{sized("PUT", with_query(location, "digest=" + digest), body), 201}});
}

}  // namespace
}  // namespace shale::testing

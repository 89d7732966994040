#include "tests/server/api/client.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <thread>

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include "tests/server/registry/manifests.h"
#include "tests/support/bytes.h"

namespace shale::testing {
namespace {

using Json = nlohmann::json;

/// Those of the distribution-spec, the two of Docker's for faults of ours, and those of
/// what the spec does not know.
constexpr std::array<std::string_view, 19> kCodes = {
    "BLOB_UNKNOWN",     "BLOB_UPLOAD_INVALID",   "BLOB_UPLOAD_UNKNOWN",
    "DIGEST_INVALID",   "MANIFEST_BLOB_UNKNOWN", "MANIFEST_INVALID",
    "MANIFEST_UNKNOWN", "NAME_INVALID",          "NAME_UNKNOWN",
    "SIZE_INVALID",     "UNAUTHORIZED",          "DENIED",
    "UNSUPPORTED",      "TOOMANYREQUESTS",       "UNKNOWN",
    "UNAVAILABLE",      "ROBOT_UNKNOWN",         "ROBOT_INVALID",
    "ROBOT_EXISTS"};

std::string_view first_line(std::string_view request) {
  return request.substr(0, request.find('\r'));
}

}  // namespace

WireResponse Client::ask(std::string_view request) {
  INFO("request: ", std::string(first_line(request)));
  WireResponse answer = exchange(request);
  check_answer(request, answer);
  return answer;
}

void Client::expect(std::initializer_list<Row> rows) {
  expect(std::vector<Row>(rows));
}

void Client::expect(const std::vector<Row>& rows) {
  for (const Row& row : rows) {
    INFO("request: ", std::string(first_line(row.request)));
    const WireResponse answer = ask(row.request);
    INFO("body: ", answer.body.substr(0, 500));
    CHECK(answer.status == row.status);
    const bool bodiless = row.request.starts_with("HEAD ") || answer.status < 400;
    const std::string codes = bodiless ? "" : wire_codes(answer);
    CHECK(codes.substr(0, codes.find(' ')) == row.code);
  }
}

void Client::check_answer(std::string_view request, const WireResponse& answer) {
  CHECK(answer.header("Docker-Distribution-Api-Version") == "registry/2.0");
  CHECK_FALSE(answer.header("X-Request-Id").empty());
  CHECK(answer.header("X-Request-Id") != last_id_);
  last_id_ = answer.header("X-Request-Id");
  CHECK(answer.header("Transfer-Encoding").empty());
  CHECK(answer.header("Content-Encoding").empty());

  const bool bodiless = answer.status == 204 || answer.status == 304;
  CHECK(answer.headers.find("Content-Length").has_value() == (answer.status != 204));
  if (bodiless || request.starts_with("HEAD ")) {
    CHECK(answer.body.empty());
  } else {
    CHECK(answer.header("Content-Length") == std::to_string(answer.body.size()));
  }
  if (answer.status >= 400) {
    CHECK(answer.header("Content-Type") == "application/json");
    if (!request.starts_with("HEAD ")) check_error_body(answer);
  }
}

void Client::check_error_body(const WireResponse& answer) {
  INFO("body: ", answer.body);
  const Json body = Json::parse(answer.body, nullptr, /*allow_exceptions=*/false);
  REQUIRE(body.is_object());
  REQUIRE(body["errors"].is_array());
  REQUIRE_FALSE(body["errors"].empty());
  for (const Json& error : body["errors"]) {
    REQUIRE(error["code"].is_string());
    CHECK(std::ranges::find(kCodes, error["code"].get<std::string>()) != kCodes.end());
    REQUIRE(error["message"].is_string());
    CHECK_FALSE(error["message"].get<std::string>().empty());
    if (error.contains("detail")) CHECK(error["detail"].is_string());
  }
}

std::string Client::log_line(const WireResponse& answer) {
  const std::string id = answer.header("X-Request-Id");
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  while (std::chrono::steady_clock::now() < end) {
    const std::string lines = log();
    const std::size_t at = lines.find("\"request_id\":\"" + id + "\"");
    if (at != std::string::npos) {
      const std::size_t begin = lines.rfind('\n', at) + 1;  // npos + 1 is the beginning
      return lines.substr(begin, lines.find('\n', at) - begin);
    }
    std::this_thread::yield();  // over a socket the line comes after the answer
  }
  FAIL("the log does not know request ", id);
  return {};
}

Digest Client::push_blob(std::string_view repository, std::string_view content,
                         Algorithm algorithm) {
  const Digest digest = digest_of(content, algorithm);
  const std::string location = start_upload(repository);
  const WireResponse put =
      ask(sized("PUT", with_query(location, "digest=" + escaped(digest.str())), content));
  INFO("body: ", put.body);
  REQUIRE(put.status == 201);
  return digest;
}

Digest Client::push_manifest(std::string_view repository, std::string_view reference,
                             std::string_view body, std::string_view type) {
  const Digest digest = digest_of(body);
  const std::string content_type = "Content-Type: " + std::string(type);
  const WireResponse put =
      ask(sized("PUT", manifest_url(repository, reference.empty() ? digest.str() : reference), body,
                {content_type}));
  INFO("body: ", put.body);
  REQUIRE(put.status == 201);
  return digest;
}

Digest Client::push_image(std::string_view repository, std::string_view reference,
                          std::string_view seed) {
  push_blob(repository, "config of " + std::string(seed));
  push_blob(repository, "layer of " + std::string(seed));
  return push_manifest(repository, reference, image_manifest(seed), kImageManifest);
}

std::string Client::start_upload(std::string_view repository, std::string_view query) {
  const std::string target = "/v2/" + std::string(repository) + "/blobs/uploads/";
  const WireResponse started = ask(post(query.empty() ? target : with_query(target, query)));
  INFO("body: ", started.body);
  REQUIRE(started.status == 202);
  return started.header("Location");
}

std::string wire_codes(const WireResponse& answer) {
  const Json body = Json::parse(answer.body, nullptr, /*allow_exceptions=*/false);
  std::string codes;
  if (!body.is_object() || !body.contains("errors")) return codes;
  for (const Json& error : body["errors"])
    codes += (codes.empty() ? "" : " ") + error.value("code", std::string("none"));
  return codes;
}

std::string image_manifest(std::string_view seed) {
  return R"({"schemaVersion":2,"mediaType":")" + std::string(kImageManifest) + R"(","config":)" +
         descriptor(kImageConfig, "config of " + std::string(seed)) + R"(,"layers":[)" +
         descriptor(kImageLayer, "layer of " + std::string(seed)) + "]}";
}

std::string blob_url(std::string_view repository, const Digest& digest) {
  return "/v2/" + std::string(repository) + "/blobs/" + digest.str();
}

std::string manifest_url(std::string_view repository, const Digest& digest) {
  return manifest_url(repository, digest.str());
}

std::string manifest_url(std::string_view repository, std::string_view reference) {
  return "/v2/" + std::string(repository) + "/manifests/" + std::string(reference);
}

}  // namespace shale::testing

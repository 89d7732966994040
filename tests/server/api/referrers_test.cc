#include <algorithm>

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include "tests/server/api/drivers.h"

namespace shale::testing {
namespace {

using Json = nlohmann::json;
using std::string;

constexpr std::string_view kEmptyType = "application/vnd.oci.empty.v1+json";
constexpr std::string_view kEmptyList =
    R"({"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json","manifests":[]})";

string url_of(const string& repository, const Digest& subject) {
  return "/v2/" + repository + "/referrers/" + subject.str();
}

string subject_member(std::string_view subject) {
  return R"("subject":)" + descriptor(kImageManifest, subject);
}

/// An image manifest about `subject`; `more` are further members.
string referrer(std::string_view subject, std::string_view config_type, const string& more = "") {
  return R"({"schemaVersion":2,"mediaType":")" + string(kImageManifest) + R"(","config":)" +
         descriptor(config_type, "{}") + R"(,"layers":[],)" + subject_member(subject) + more + "}";
}

/// The descriptors in an answer, checked for all that must always be so.
Json manifests_of(const WireResponse& answer) {
  CHECK(answer.status == 200);
  CHECK(answer.header("Content-Type") == kImageIndex);
  const Json body = Json::parse(answer.body);
  CHECK(body["schemaVersion"] == 2);
  CHECK(body["mediaType"] == kImageIndex);
  REQUIRE(body["manifests"].is_array());
  return body["manifests"];
}

const Json* find_digest(const Json& manifests, const Digest& digest) {
  const auto found = std::ranges::find_if(
      manifests, [&](const Json& one) { return one["digest"] == digest.str(); });
  return found == manifests.end() ? nullptr : &*found;
}

TEST_CASE_TEMPLATE("Referrers: are never 404", Driver, API_DRIVERS) {
  Driver api;
  const auto check_empty = [&](const string& repository, const Digest& subject) {
    const auto answer = api.ask(get(url_of(repository, subject)));
    CHECK(answer.status == 200);
    CHECK(answer.header("Content-Type") == kImageIndex);
    CHECK(answer.body == kEmptyList);
    CHECK(answer.header("Link").empty());
    const auto seen = api.ask(head(url_of(repository, subject)));
    CHECK(seen.status == 200);
    CHECK(seen.header("Content-Length") == std::to_string(kEmptyList.size()));
  };
  const Digest zeros = value(Digest::parse("sha256:" + string(64, '0')));
  check_empty("app", zeros);
  check_empty("app", digest_of("random", Algorithm::kSha512));
  const Digest image = api.push_image("app", "v1", "one");
  check_empty("app", zeros);
  check_empty("app", image);
  check_empty("app", digest_of("layer of one"));
}

TEST_CASE_TEMPLATE("Referrers: say what each manifest is", Driver, API_DRIVERS) {
  Driver api;
  const string subject = image_manifest("one");
  const Digest image = api.push_image("app", "v1", "one");
  api.push_blob("app", "{}");
  const string typed = referrer(subject, kEmptyType,
                                R"(,"artifactType":"text/sbom","annotations":{"a":"b","c":"é"})");
  const string by_config = referrer(subject, "application/vnd.example.config+json");
  const string index = R"({"schemaVersion":2,"mediaType":")" + string(kImageIndex) +
                       R"(","manifests":[],)" + subject_member(subject) +
                       R"(,"annotations":{"index":"1"}})";
  const string typed_index = R"({"schemaVersion":2,"manifests":[],"artifactType":"text/list",)" +
                             subject_member(subject) + "}";
  api.push_manifest("app", "", typed, kImageManifest);
  api.push_manifest("app", "signature", by_config, kImageManifest);
  api.push_manifest("app", "", index, kImageIndex);
  api.push_manifest("app", "", typed_index, kImageIndex);

  const auto described = [](const string& body, std::string_view type) {
    return Json{{"mediaType", type}, {"digest", digest_of(body).str()}, {"size", body.size()}};
  };
  Json of_typed = described(typed, kImageManifest);
  of_typed["artifactType"] = "text/sbom";
  of_typed["annotations"] = {{"a", "b"}, {"c", "é"}};
  Json of_config = described(by_config, kImageManifest);
  of_config["artifactType"] = "application/vnd.example.config+json";
  Json of_index = described(index, kImageIndex);
  of_index["annotations"] = {{"index", "1"}};
  Json of_typed_index = described(typed_index, kImageIndex);
  of_typed_index["artifactType"] = "text/list";

  const Json manifests = manifests_of(api.ask(get(url_of("app", image))));
  CHECK(manifests.size() == 4);
  for (const auto& [body, expected] :
       {std::pair(typed, of_typed), std::pair(by_config, of_config), std::pair(index, of_index),
        std::pair(typed_index, of_typed_index)}) {
    const Json* found = find_digest(manifests, digest_of(body));
    REQUIRE(found != nullptr);
    CHECK(*found == expected);
  }
  CHECK(manifests_of(api.ask(get(url_of("other", image)))).empty());
}

TEST_CASE_TEMPLATE("Referrers: may come before their subject, and go when they are deleted", Driver,
                   API_DRIVERS) {
  Driver api;
  api.push_blob("app", "{}");
  const string subject = image_manifest("one");
  const string about = referrer(subject, kEmptyType);
  const Digest digest = api.push_manifest("app", "", about, kImageManifest);
  const string url = url_of("app", digest_of(subject));
  CHECK(manifests_of(api.ask(get(url))).size() == 1);
  const Digest image = api.push_image("app", "v1", "one");
  CHECK(manifests_of(api.ask(get(url))).size() == 1);
  api.push_manifest("app", "", about, kImageManifest);
  CHECK(manifests_of(api.ask(get(url))).size() == 1);
  api.expect({{del(manifest_url("app", image)), 202}});
  CHECK(manifests_of(api.ask(get(url))).size() == 1);
  api.expect({{del(manifest_url("app", digest)), 202}});
  CHECK(manifests_of(api.ask(get(url))).empty());
}

TEST_CASE_TEMPLATE("Referrers: of and as sha512", Driver, API_DRIVERS) {
  Driver api;
  api.push_blob("app", "{}");
  const Digest subject = digest_of("subject", Algorithm::kSha512);
  const string body = R"({"schemaVersion":2,"manifests":[],"subject":)" +
                      descriptor(kImageManifest, "subject", Algorithm::kSha512) + "}";
  const Digest digest = digest_of(body, Algorithm::kSha512);
  const auto put = api.ask(sized("PUT", manifest_url("app", digest), body,
                                 {"Content-Type: application/vnd.oci.image.index.v1+json"}));
  CHECK(put.status == 201);
  CHECK(put.header("OCI-Subject") == subject.str());
  const Json manifests = manifests_of(api.ask(get(url_of("app", subject))));
  REQUIRE(manifests.size() == 1);
  CHECK(manifests[0]["digest"] == digest.str());
}

TEST_CASE_TEMPLATE("Referrers: are filtered by type, declared or derived", Driver, API_DRIVERS) {
  Driver api;
  api.push_blob("app", "{}");
  const string subject = "subject";
  const string sbom = referrer(subject, kEmptyType, R"(,"artifactType":"text/sbom+json")");
  const string signature = referrer(subject, kEmptyType, R"(,"artifactType":"text/signature")");
  const string image = referrer(subject, kImageConfig);
  const string index = R"({"schemaVersion":2,"manifests":[],)" + subject_member(subject) + "}";
  for (const string& body : {sbom, signature, image})
    api.push_manifest("app", "", body, kImageManifest);
  api.push_manifest("app", "", index, kImageIndex);

  const string url = url_of("app", digest_of(subject));
  const auto check_filtered = [&](const string& query, const std::vector<string>& expected) {
    CAPTURE(query);
    const auto answer = api.ask(get(url + "?" + query));
    CHECK(answer.header("OCI-Filters-Applied") == "artifactType");
    const Json manifests = manifests_of(answer);
    CHECK(manifests.size() == expected.size());
    for (const string& body : expected)
      CHECK(find_digest(manifests, digest_of(body)) != nullptr);
  };
  check_filtered("artifactType=text/signature", {signature});
  check_filtered("artifactType=text%2Fsbom%2Bjson", {sbom});
  check_filtered("artifactType=text/sbom+json", {sbom});
  check_filtered("artifactType=application%2Fvnd.oci.image.config.v1%2Bjson", {image});
  check_filtered("artifactType=text/signature&artifactType=text%2Fsbom%2Bjson", {sbom, signature});
  check_filtered("artifactType=text", {});
  check_filtered("artifactType=TEXT/signature", {});

  const auto whole = api.ask(get(url));
  CHECK(whole.header("OCI-Filters-Applied").empty());
  CHECK(manifests_of(whole).size() == 4);
  const auto none = api.ask(get(url_of("nowhere", digest_of(subject)) + "?artifactType=a/b"));
  CHECK(none.header("OCI-Filters-Applied") == "artifactType");
  CHECK(manifests_of(none).empty());
}

TEST_CASE_TEMPLATE("Referrers: a page stays far below the 4 MiB that clients read", Driver,
                   API_DRIVERS) {
  Driver api;
  const string subject = image_manifest("one");
  const Digest image = api.push_image("app", "v1", "one");
  api.push_blob("app", "{}");
  string text;  // short in memory, long in JSON
  for (int i = 0; i < 100'000; ++i)
    text += "\\u0001";
  for (const string number : {"1", "2", "3", "4"}) {
    const string body =
        referrer(subject, kEmptyType, R"(,"annotations":{"n":")" + number + text + "\"}");
    api.push_manifest("app", digest_of(body).str(), body, kImageManifest);
  }
  std::size_t seen = 0;
  string next = url_of("app", image);
  while (!next.empty()) {
    const auto page = api.ask(get(next));
    CHECK(page.body.size() < (std::size_t{2} << 20));
    seen += manifests_of(page).size();
    const string link = page.header("Link");
    next = link.empty() ? "" : link.substr(1, link.find('>') - 1);
  }
  CHECK(seen == 4);
}

TEST_CASE_TEMPLATE("Referrers: come in pages, with and without a filter", Driver, API_DRIVERS) {
  Setup setup;
  setup.settings.page_size = 4;
  Driver api(setup);
  api.push_blob("app", "{}");
  const string subject = "subject";
  std::vector<string> all;
  std::vector<string> even;
  for (int i = 0; i < 11; ++i) {
    const string type = i % 2 == 0 ? "text/even+json" : "text/odd";
    const string body = referrer(
        subject, kEmptyType,
        R"(,"artifactType":")" + type + R"(","annotations":{"i":")" + std::to_string(i) + "\"}");
    const string digest = api.push_manifest("app", "", body, kImageManifest).str();
    all.push_back(digest);
    if (i % 2 == 0) even.push_back(digest);
  }
  std::ranges::sort(all);
  std::ranges::sort(even);
  const auto walk = [&](string target, bool filtered, std::size_t most) {
    std::vector<string> digests;
    while (!target.empty()) {
      INFO("target: ", target);
      const auto answer = api.ask(get(target));
      CHECK(answer.header("OCI-Filters-Applied") == (filtered ? "artifactType" : ""));
      const Json manifests = manifests_of(answer);
      CHECK(manifests.size() <= most);
      for (const Json& one : manifests)
        digests.push_back(one["digest"]);
      const string link = answer.header("Link");
      if (link.empty()) break;
      CHECK(manifests.size() == most);
      REQUIRE(link.starts_with("</v2/app/referrers/"));
      REQUIRE(link.ends_with(">; rel=\"next\""));
      target = link.substr(1, link.find('>') - 1);
    }
    return digests;
  };
  const string url = url_of("app", digest_of(subject));
  CHECK(walk(url, false, 4) == all);
  CHECK(walk(url + "?n=1", false, 1) == all);
  CHECK(walk(url + "?n=1000", false, 4) == all);
  for (const std::size_t n : {1U, 2U, 3U, 4U}) {
    CHECK(walk(url + "?n=" + std::to_string(n) + "&artifactType=text%2Feven%2Bjson", true, n) ==
          even);
  }
  api.expect({{get(url + "?last=v1"), 400, "DIGEST_INVALID"}});
  CHECK(manifests_of(api.ask(get(url + "?last=" + escaped(all[8])))).size() == 2);
}

}  // namespace
}  // namespace shale::testing

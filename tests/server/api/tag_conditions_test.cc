#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include "tests/server/api/drivers.h"

namespace shale::testing {
namespace {

using std::string;

string quoted(const Digest& digest) {
  return '"' + digest.str() + '"';
}
string if_match(const string& value) {
  return "If-Match: " + value;
}
string if_none_match(const string& value) {
  return "If-None-Match: " + value;
}

/// `v1` names one; the blobs of one to four are there.
template <class Driver>
struct Contended {
  Contended() {
    one = api.push_image("app", "v1", "one");
    for (const char* seed : {"two", "three", "four"})
      api.push_image("app", "", seed);
  }
  string put(const string& reference, const string& seed, const string& field) {
    return sized("PUT", manifest_url("app", reference), image_manifest(seed),
                 {"Content-Type: application/vnd.oci.image.manifest.v1+json", field});
  }
  string named(const string& reference = "v1") {
    return api.ask(get(manifest_url("app", reference))).header("Docker-Content-Digest");
  }
  string detail(const string& request, int status) {
    const auto answer = api.ask(request);
    CHECK(answer.status == status);
    return nlohmann::json::parse(answer.body)["errors"][0]["detail"].template get<string>();
  }

  Driver api;
  Digest one = digest_of("");
};

TEST_CASE_TEMPLATE("Conditions: a push with If-Match is lost once somebody else has moved the tag",
                   Driver, API_DRIVERS) {
  Contended<Driver> c;
  c.api.expect({{c.put("v1", "two", if_match(quoted(c.one))), 201},
                {c.put("v1", "three", if_match(quoted(c.one))), 412, "DENIED"}});
  const Digest two = digest_of(image_manifest("two"));
  CHECK(c.named() == two.str());
  CHECK(c.detail(c.put("v1", "three", if_match(quoted(c.one))), 412) ==
        "the tag v1 is " + two.str() + " now");
  c.api.expect(
      {{c.put("v1", "three", if_match("\"x\", " + quoted(c.one) + ", " + quoted(two))), 201},
       {c.put("v1", "four", if_match("*")), 201},
       {c.put("v2", "four", if_match("*")), 412, "DENIED"},
       {c.put("v1", "two", if_match("W/" + quoted(digest_of(image_manifest("four"))))), 412,
        "DENIED"},
       {c.put("v1", "two", if_match("\"four\"")), 412, "DENIED"},
       {c.put("v1", "two", if_match(digest_of(image_manifest("four")).str())), 201}});
  CHECK(c.named() == two.str());
  CHECK(c.named("v2").empty());
}

TEST_CASE_TEMPLATE("Conditions: a push with If-None-Match makes a tag and moves none", Driver,
                   API_DRIVERS) {
  Contended<Driver> c;
  CHECK(c.detail(c.put("v1", "two", if_none_match("*")), 412) ==
        "the tag v1 is " + c.one.str() + " already");
  CHECK(c.detail(c.put("v1", "one", if_none_match("*")), 412) ==
        "the tag v1 is " + c.one.str() + " already");
  c.api.expect({{c.put("v2", "two", if_none_match("*")), 201},
                {c.put("v2", "two", if_none_match("*")), 412, "DENIED"}});
  CHECK(c.named() == c.one.str());
}

TEST_CASE_TEMPLATE("Conditions: one push of many tags moves all of them or none", Driver,
                   API_DRIVERS) {
  Contended<Driver> c;
  const string two = digest_of(image_manifest("two")).str();
  const auto push = [&](const string& tags, const string& field) {
    return sized("PUT", manifest_url("app", two) + "?" + tags, image_manifest("two"),
                 {"Content-Type: application/vnd.oci.image.manifest.v1+json", field});
  };
  c.api.expect({{push("tag=v3&tag=v1&tag=v2", if_none_match("*")), 412, "DENIED"},
                {get(manifest_url("app", "v2")), 404, "MANIFEST_UNKNOWN"},
                {get(manifest_url("app", "v3")), 404, "MANIFEST_UNKNOWN"},
                {push("tag=v2&tag=v3", if_none_match("*")), 201},
                {push("tag=v1&tag=v2", if_match(quoted(c.one))), 412, "DENIED"},
                {push("tag=v1&tag=v2", if_match(quoted(c.one) + ", \"" + two + '"')), 201}});
  CHECK(c.named() == two);
}

TEST_CASE_TEMPLATE("Conditions: a deletion with If-Match is lost like a push", Driver,
                   API_DRIVERS) {
  Contended<Driver> c;
  const Digest two = digest_of(image_manifest("two"));
  CHECK(c.detail(del(manifest_url("app", "v1"), {if_match(quoted(two))}), 412) ==
        "the tag v1 is " + c.one.str() + " now");
  c.api.expect({{del(manifest_url("app", "v1"), {if_none_match("*")}), 412, "DENIED"},
                {del(manifest_url("app", two), {if_match(quoted(c.one))}), 412, "DENIED"},
                {del(manifest_url("app", "v1"), {if_match(quoted(c.one))}), 202},
                {del(manifest_url("app", "v1"), {if_match(quoted(c.one))}), 412, "DENIED"},
                {del(manifest_url("app", "v1"), {if_match("*")}), 412, "DENIED"},
                {del(manifest_url("app", two), {if_match(quoted(two))}), 202},
                {get(manifest_url("app", c.one)), 200}});
}

TEST_CASE_TEMPLATE("Conditions: what makes no sense is refused and changes nothing", Driver,
                   API_DRIVERS) {
  Contended<Driver> c;
  for (const string& field :
       {if_match("\"open"), if_match(""), if_match("a, b"), if_match("*\r\nIf-Match: \"x\""),
        if_none_match(quoted(c.one)), if_none_match(""), if_match("*\r\nIf-None-Match: *")}) {
    CAPTURE(field);
    c.api.expect({{c.put("v1", "two", field), 400, "UNSUPPORTED"},
                  {del(manifest_url("app", "v1"), {field}), 400, "UNSUPPORTED"}});
  }
  CHECK(c.named() == c.one.str());
}

}  // namespace
}  // namespace shale::testing

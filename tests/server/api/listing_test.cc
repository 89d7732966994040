#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include "tests/server/api/drivers.h"

namespace shale::testing {
namespace {

using Json = nlohmann::json;
using std::string;
using Names = std::vector<string>;

/// One page of a list: what it holds and where the next one is.
struct ListPage {
  Names names;
  string next;
};

ListPage read_page(Client& api, const string& target) {
  INFO("target: ", target);
  const auto answer = api.ask(get(target));
  REQUIRE(answer.status == 200);
  CHECK(answer.header("Content-Type") == "application/json");
  const Json body = Json::parse(answer.body);
  const Json& list = body.contains("tags") ? body["tags"] : body["repositories"];
  REQUIRE(list.is_array());
  ListPage page{list.get<Names>(), ""};
  const string link = answer.header("Link");
  if (!link.empty()) {
    REQUIRE(link.starts_with("</v2/"));
    REQUIRE(link.ends_with(">; rel=\"next\""));
    page.next = link.substr(1, link.find('>') - 1);
  }
  return page;
}

/// Follows the links to the end.
Names walk(Client& api, string target, std::size_t most) {
  Names all;
  while (!target.empty()) {
    const ListPage page = read_page(api, target);
    CHECK(page.names.size() <= most);
    if (!page.next.empty()) CHECK(page.names.size() == most);
    all.insert(all.end(), page.names.begin(), page.names.end());
    target = page.next;
  }
  return all;
}

void push_tags(Client& api, const string& repository, const Names& tags) {
  api.push_image(repository, "", "one");
  for (const string& tag : tags)
    api.push_manifest(repository, tag, image_manifest("one"), kImageManifest);
}

const Names kTags = {"0",   "A",   "TEST0", "TEST1", "_",     "a",
                     "a-b", "a.b", "test0", "test1", "test10"};

TEST_CASE_TEMPLATE("Tags: all of them, in the order of their bytes", Driver, API_DRIVERS) {
  Driver api;
  push_tags(api, "team/app", Names(kTags.rbegin(), kTags.rend()));
  const auto answer = api.ask(get("/v2/team/app/tags/list"));
  CHECK(answer.status == 200);
  CHECK(answer.header("Link").empty());
  CHECK(Json::parse(answer.body) == Json{{"name", "team/app"}, {"tags", kTags}});

  const auto seen = api.ask(head("/v2/team/app/tags/list"));
  CHECK(seen.status == 200);
  CHECK(seen.header("Content-Length") == answer.header("Content-Length"));
  CHECK(seen.header("Content-Type") == "application/json");
}

TEST_CASE_TEMPLATE("Tags: of a repository that is not there, and of one without any", Driver,
                   API_DRIVERS) {
  Driver api;
  api.push_image("app/nested", "v1", "one");
  for (const string target :
       {"/v2/app/tags/list", "/v2/app/tags/list?n=0", "/v2/app/tags/list?last=x"}) {
    api.expect({{get(target), 404, "NAME_UNKNOWN"}, {head(target), 404}});
  }
  api.push_blob("app", "a blob makes a repository");
  CHECK(api.ask(get("/v2/app/tags/list")).body == R"({"name":"app","tags":[]})");
}

TEST_CASE_TEMPLATE("Tags: n cuts the list, and Link goes on to its end", Driver, API_DRIVERS) {
  Driver api;
  push_tags(api, "app", kTags);
  for (std::size_t n = 1; n <= kTags.size() + 1; ++n) {
    CAPTURE(n);
    CHECK(walk(api, "/v2/app/tags/list?n=" + std::to_string(n), n) == kTags);
  }
  const auto answer = api.ask(get("/v2/app/tags/list?n=4"));
  CHECK(Json::parse(answer.body)["tags"] == Names(kTags.begin(), kTags.begin() + 4));
  CHECK(answer.header("Link") == R"(</v2/app/tags/list?last=TEST1&n=4>; rel="next")");
  // The last page of just the right size says that it is the last.
  CHECK(read_page(api, "/v2/app/tags/list?n=11").next.empty());
}

TEST_CASE_TEMPLATE("Tags: last begins behind a tag, be it there or not", Driver, API_DRIVERS) {
  Driver api;
  push_tags(api, "app", kTags);
  const auto after = [&](const string& last) {
    return read_page(api, "/v2/app/tags/list?last=" + last).names;
  };
  CHECK(after("a.b") == Names{"test0", "test1", "test10"});
  CHECK(after("b") == Names{"test0", "test1", "test10"});
  CHECK(after("test10").empty());
  CHECK(after("zzz").empty());
  CHECK(after("") == kTags);
  CHECK(after("%20") == kTags);
  CHECK(after("not%2Fa%20tag") == Names{"test0", "test1", "test10"});
  CHECK(after(string(3000, 'z')).empty());
  const ListPage page = read_page(api, "/v2/app/tags/list?n=2&last=a");
  CHECK(page.names == Names{"a-b", "a.b"});
  CHECK(page.next == "/v2/app/tags/list?last=a.b&n=2");
}

TEST_CASE_TEMPLATE("Tags: n=0 asks for nothing and gets no link", Driver, API_DRIVERS) {
  Driver api;
  push_tags(api, "app", kTags);
  for (const string n : {"0", "000", "00000000000000000000"}) {
    const ListPage page = read_page(api, "/v2/app/tags/list?n=" + n);
    CHECK(page.names.empty());
    CHECK(page.next.empty());
  }
}

TEST_CASE_TEMPLATE("Lists: an n that is no number is 400, and one beyond all limits is cut", Driver,
                   API_DRIVERS) {
  Setup setup;
  setup.settings.page_size = 3;
  Driver api(setup);
  push_tags(api, "app", kTags);
  const string digest = digest_of("x").str();
  for (const string& target :
       {string("/v2/app/tags/list"), string("/v2/_catalog"), "/v2/app/referrers/" + digest}) {
    for (const string n : {"abc", "-1", "+1", "1.5", "1e3", "0x10", "", "%20", "1%20", "1,2"}) {
      api.expect({{get(target + "?n=" + n), 400, "UNSUPPORTED"}});
    }
  }
  for (const string n : {"3", "4", "1000", "4294967296", "99999999999999999999999999"}) {
    const ListPage page = read_page(api, "/v2/app/tags/list?n=" + n);
    CHECK(page.names.size() == 3);
    CHECK(page.next == "/v2/app/tags/list?last=TEST0&n=3");
  }
  CHECK(read_page(api, "/v2/app/tags/list?n=0000000002").names.size() == 2);
  CHECK(read_page(api, "/v2/app/tags/list").names.size() == 3);
  CHECK(walk(api, "/v2/app/tags/list", 3) == kTags);
}

TEST_CASE_TEMPLATE("Catalog: the repositories that hold something, in order", Driver, API_DRIVERS) {
  Driver api;
  CHECK(api.ask(get("/v2/_catalog")).body == R"({"repositories":[]})");
  const Names names = {"a", "a-b", "a/b", "a/b/c", "ab", "b/blobs", "tags/list"};
  for (auto name = names.rbegin(); name != names.rend(); ++name)
    api.push_image(*name, "v1", "one");
  api.start_upload("upload/only");
  const auto answer = api.ask(get("/v2/_catalog"));
  CHECK(Json::parse(answer.body) == Json{{"repositories", names}});
  CHECK(answer.header("Link").empty());
  CHECK(api.ask(head("/v2/_catalog")).header("Content-Length") == answer.header("Content-Length"));

  for (std::size_t n = 1; n <= names.size() + 1; ++n) {
    CHECK(walk(api, "/v2/_catalog?n=" + std::to_string(n), n) == names);
  }
  CHECK(api.ask(get("/v2/_catalog?n=3")).header("Link") ==
        R"(</v2/_catalog?last=a%2Fb&n=3>; rel="next")");
  CHECK(read_page(api, "/v2/_catalog?last=a%2Fb").names == Names(names.begin() + 3, names.end()));
  CHECK(read_page(api, "/v2/_catalog?last=a/bb").names == Names(names.begin() + 4, names.end()));
  CHECK(read_page(api, "/v2/_catalog?n=0").next.empty());
}

TEST_CASE_TEMPLATE("Catalog: has a page size of its own", Driver, API_DRIVERS) {
  Setup setup;
  setup.settings.catalog_default = 2;
  setup.settings.page_size = 4;
  Driver api(setup);
  const Names names = {"a", "b", "c", "d", "e", "f"};
  for (const string& name : names)
    api.push_blob(name, "blob");
  CHECK(walk(api, "/v2/_catalog", 2) == names);
  CHECK(walk(api, "/v2/_catalog?n=100", 4) == names);
}

TEST_CASE_TEMPLATE("Catalog: a repository that was emptied is gone", Driver, API_DRIVERS) {
  Driver api;
  const Digest digest = api.push_blob("app", "blob");
  REQUIRE(api.ask(del(blob_url("app", digest))).status == 202);
  CHECK(api.ask(get("/v2/_catalog")).body == R"({"repositories":[]})");
  api.expect({{get("/v2/app/tags/list"), 404, "NAME_UNKNOWN"}});
}

}  // namespace
}  // namespace shale::testing

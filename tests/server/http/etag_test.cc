#include "server/http/etag.h"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <doctest/doctest.h>

namespace shale::http {
namespace {

constexpr std::string_view kTag = "sha256:abc";

Headers with(std::string_view name, const std::vector<std::string>& lines) {
  Headers headers;
  for (const std::string& line : lines)
    headers.add(std::string(name), line);
  return headers;
}

struct Row {
  std::vector<std::string> lines;
  bool passes;
};

TEST_CASE("if_none_match_passes: fails when the client has what there is") {
  const std::vector<Row> table = {
      {{}, true},
      {{R"("sha256:abc")"}, false},
      {{R"(W/"sha256:abc")"}, false},
      {{R"("x", "sha256:abc")"}, false},
      {{"\"x\",,W/\"y\" ,\t\"sha256:abc\","}, false},
      {{R"("x")", R"("sha256:abc")"}, false},
      {{"*"}, false},
      {{" * "}, false},
      {{"sha256:abc"}, false},
      {{R"("x")"}, true},
      {{R"("a,b", "sha256:abc")"}, false},
      {{R"("SHA256:abc")"}, true},
      {{R"("sha256:abc)"}, true},
      {{R"("x" "sha256:abc")"}, true},
      {{R"(w/"sha256:abc")"}, true},
      {{R"("sha256:abc ")"}, true},
      {{""}, true},
  };
  for (const Row& row : table) {
    CAPTURE(row.lines);
    CHECK(if_none_match_passes(with("If-None-Match", row.lines), kTag) == row.passes);
  }
  CHECK(if_none_match_passes(with("If-None-Match", {"*"}), std::nullopt));
  CHECK(if_none_match_passes(with("If-None-Match", {R"("x")"}), std::nullopt));
}

TEST_CASE("read_tag_field: strong tags, bare ones too, and what is malformed") {
  const auto read = [](const std::vector<std::string>& lines) {
    return read_tag_field(with("If-Match", lines), "If-Match");
  };
  const auto tags = [&](const std::vector<std::string>& lines) {
    const TagField field = read(lines);
    CHECK(field.there);
    CHECK_FALSE(field.malformed);
    CHECK_FALSE(field.any);
    return field.tags;
  };
  using Tags = std::vector<std::string>;
  CHECK_FALSE(read({}).there);
  CHECK(read({"*"}).any);
  CHECK(read({" * "}).tags.empty());
  CHECK(tags({R"("a", "b")", R"("c")"}) == Tags{"a", "b", "c"});
  CHECK(tags({R"(W/"a", "b")"}) == Tags{"b"});
  CHECK(tags({R"(W/"a")"}).empty());
  CHECK(tags({"sha256:abc"}) == Tags{"sha256:abc"});
  CHECK(read({R"("a)"}).malformed);
  CHECK(read({R"("a" "b")"}).malformed);
  CHECK(read({R"(*, "b")"}).malformed);
  CHECK(read({"a, b"}).malformed);
  CHECK(read({""}).malformed);
  CHECK_FALSE(read_tag_field(with("If-None-Match", {"*"}), "If-Match").there);
}

TEST_CASE("if_range_passes: one strong tag and nothing else") {
  const std::vector<Row> table = {
      {{}, true},
      {{R"("sha256:abc")"}, true},
      {{R"(W/"sha256:abc")"}, false},
      {{R"("x")"}, false},
      {{R"("sha256:abc", "x")"}, false},
      {{R"("sha256:abc")", R"("sha256:abc")"}, false},
      {{"*"}, false},
      {{"Sun, 06 Nov 1994 08:49:37 GMT"}, false},
      {{""}, false},
  };
  for (const Row& row : table) {
    CAPTURE(row.lines);
    CHECK(if_range_passes(with("If-Range", row.lines), kTag) == row.passes);
  }
}

TEST_CASE("quoted_etag: what is sent comes back as a match") {
  CHECK(quoted_etag(kTag) == R"("sha256:abc")");
  CHECK_FALSE(if_none_match_passes(with("If-None-Match", {quoted_etag(kTag)}), kTag));
}

}  // namespace
}  // namespace shale::http

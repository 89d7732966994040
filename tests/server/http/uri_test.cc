#include "server/http/uri.h"

#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

namespace shale::http {
namespace {

Query query_of(std::string_view encoded) {
  const auto query = Query::parse(encoded);
  REQUIRE(query);
  return query.value_or(Query());
}

TEST_CASE("decode_path: escapes become what they stand for") {
  const std::vector<std::pair<std::string_view, std::string_view>> table = {
      {"", ""},
      {"/v2/", "/v2/"},
      {"/v2/a/blobs/sha256%3Aabc", "/v2/a/blobs/sha256:abc"},
      {"/v2/a/blobs/sha256%3aabc", "/v2/a/blobs/sha256:abc"},
      {"/%61%2D%7e", "/a-~"},
      {"/a+b", "/a+b"},
      {"//a//", "//a//"},
      {"/%2e%2E/.", "/../."},
      {"/%2525", "/%25"},
      {"/caf%C3%A9", "/caf\xC3\xA9"},
      {"/%F0%9F%90%B3", "/\xF0\x9F\x90\xB3"},
      {"/%F4%8F%BF%BF", "/\xF4\x8F\xBF\xBF"},
      {"/%20", "/ "},
  };
  for (const auto& [encoded, decoded] : table) {
    CAPTURE(encoded);
    CHECK(decode_path(encoded) == std::optional<std::string>(decoded));
  }
}

TEST_CASE("decode_path: what could mean two things is refused") {
  for (const std::string_view encoded :
       {"/%",         "/%4",        "/%zz",          "/%4g",
        "/%g4",       "/% 41",      "/%+4",  // no escapes
        "/%00",       "/%0a",       "/%0D",          "/%1f",
        "/%7F",  // control characters
        "/a%2Fb",     "/a%2fb",     "/a%5Cb",        "/a%5cb",
        "/a\\b",  // parts that would change
        "/%80",       "/%C3",       "/%C3/",         "/%C3%28",
        "/%FF",       "/%FE",                                          // no UTF-8
        "/%C0%AF",    "/%C1%81",    "/%E0%80%AF",    "/%F0%80%80%AF",  // overlong
        "/%ED%A0%80", "/%ED%BF%BF", "/%F4%90%80%80", "/%F5%80%80%80",
        "/%E2%82",    "/\xC3"}) {
    CAPTURE(encoded);
    CHECK_FALSE(decode_path(encoded));
  }
}

TEST_CASE("Query: parameters in their order, decoded") {
  const Query query = query_of("n=10&last=a%2Fb&tag=x&tag=y&flag&empty=&digest=sha256%3Aab+c");
  CHECK(query.find("n") == "10");
  CHECK(query.find("last") == "a/b");
  CHECK(query.find("tag") == "x");
  CHECK(query.find_all("tag") == std::vector<std::string_view>{"x", "y"});
  CHECK(query.find("flag") == "");
  CHECK(query.find("empty") == "");
  CHECK(query.find("digest") == "sha256:ab+c");
  CHECK_FALSE(query.find("N"));
  CHECK(query.find_all("none").empty());
}

TEST_CASE("Query: odd shapes have one meaning each") {
  CHECK(query_of("").find_all("").empty());
  CHECK(query_of("&&").find_all("").empty());
  CHECK(query_of("&&a=1&&").find("a") == "1");
  CHECK(query_of("=b").find("") == "b");
  CHECK(query_of("=").find("") == "");
  CHECK(query_of("a=b=c").find("a") == "b=c");
  CHECK(query_of("a%3Db=c").find("a=b") == "c");
  CHECK(query_of("a%26b=c").find("a&b") == "c");
  CHECK(query_of("a=1;b=2").find("a") == "1;b=2");
  CHECK(query_of("a=b?c/d").find("a") == "b?c/d");
}

TEST_CASE("Query: broken escapes, control characters and other encodings are refused") {
  for (const std::string_view encoded :
       {"a=%", "a=%4", "a=%zz", "%=a", "a=%FF", "a=%C0%AF", "a=%00", "a=%0d%0a", "a=1&b=%7f"}) {
    CAPTURE(encoded);
    CHECK_FALSE(Query::parse(encoded));
  }
}

TEST_CASE("encode_component: everything but the unreserved is escaped") {
  CHECK(encode_component("AZaz09-._~") == "AZaz09-._~");
  CHECK(encode_component("sha256:a/b?c&d=e+f g%") == "sha256%3Aa%2Fb%3Fc%26d%3De%2Bf%20g%25");
  CHECK(encode_component("\"<>\r\n\xC3\xA9") == "%22%3C%3E%0D%0A%C3%A9");
  CHECK(encode_path("/v2/a b/<c>") == "/v2/a%20b/%3Cc%3E");
}

TEST_CASE("Query: what was encoded comes back") {
  std::mt19937 random(3);  // NOLINT(cert-msc51-cpp,bugprone-random-generator-seed)
  for (int round = 0; round < 2000; ++round) {
    std::string text(random() % 12, ' ');
    for (char& c : text)
      c = static_cast<char>(0x20 + random() % 0x5f);
    const Query query = query_of("a=1&key=" + encode_component(text) + "&b=2");
    CHECK(query.find("key") == text);
  }
}

TEST_CASE("decode_path: garbage never decodes to a control character or another number of parts") {
  std::mt19937 random(4);  // NOLINT(cert-msc51-cpp,bugprone-random-generator-seed)
  const std::string_view alphabet = "%%%%0123456789abcdefABCDEF/.\\\xC3\xA9\n";
  const auto slashes = [](std::string_view text) {
    std::size_t count = 0;
    for (const char c : text)
      count += c == '/' ? 1U : 0U;
    return count;
  };
  std::size_t decodable = 0;
  for (int round = 0; round < 20000; ++round) {
    std::string encoded;
    for (auto length = random() % 12; length > 0; --length) {
      encoded += alphabet[random() % alphabet.size()];
    }
    CAPTURE(encoded);
    const auto path = decode_path(encoded);
    if (!path) continue;
    ++decodable;
    CHECK(slashes(*path) == slashes(encoded));
    for (const char c : *path)
      CHECK((static_cast<unsigned char>(c) >= 0x20 && c != 0x7f));
  }
  CHECK(decodable > 100);
}

TEST_CASE("is_authority: hosts that are safe in a URI") {
  for (const std::string_view text :
       {"a", "registry.example", "registry.example:5000", "127.0.0.1", "127.0.0.1:0", "[::1]",
        "[2001:db8::1]:65535", "[::ffff:192.0.2.1]", "under_score", "a:"}) {
    CAPTURE(text);
    CHECK(is_authority(text) == (text != "a:"));
  }
  for (const std::string_view text :
       {"",       ":80",          "a:65536",  "a:000080", "a:-1", "a:b",         "a:80:80",
        "::1",    "[::1",         "::1]",     "[]",       "[a]",  "[127.0.0.1]", "[::1]a",
        "[::1]:", "[::1%25eth0]", "[v1.a:b]", "a b",      "a/b",  "a?b",         "a#b",
        "u@a",    "a\\b",         "a,b",      "a;b",      "a\"b", "<a>",         "a%41",
        "a\r\nb", "caf\xC3\xA9"}) {
    CAPTURE(text);
    CHECK_FALSE(is_authority(text));
  }
  CHECK(is_authority(std::string(255, 'a')));
  CHECK_FALSE(is_authority(std::string(256, 'a')));
}

}  // namespace
}  // namespace shale::http

#include "server/http/multipart.h"

#include <memory>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include <doctest/doctest.h>

namespace shale::http {
namespace {

FileSlice file(std::uint64_t offset, std::uint64_t length) {
  return {.owner = std::make_shared<int>(1), .descriptor = 9, .offset = offset, .length = length};
}

Response blob(BodyPiece content) {
  Response response;
  response.headers.add("Content-Type", "application/octet-stream");
  response.body.push_back(std::move(content));
  return response;
}

/// The body as a client reads it, a file slice as "<offset+length>".
std::string text_of_body(const std::vector<BodyPiece>& body) {
  std::string text;
  for (const BodyPiece& piece : body) {
    if (const auto* string = std::get_if<std::string>(&piece)) {
      text += *string;
    } else {
      const auto& slice = std::get<FileSlice>(piece);
      text += "<" + std::to_string(slice.offset) + "+" + std::to_string(slice.length) + ">";
    }
  }
  return text;
}

TEST_CASE("cut: a file slice is narrowed inside itself and shares its owner") {
  const FileSlice whole = file(100, 50);
  const BodyPiece piece = cut(whole, {.first = 10, .last = 19});
  const auto& slice = std::get<FileSlice>(piece);
  CHECK(slice.offset == 110);
  CHECK(slice.length == 10);
  CHECK(slice.descriptor == 9);
  CHECK(slice.owner == whole.owner);
  CHECK(std::get<std::string>(cut(std::string("0123456789"), {.first = 8, .last = 9})) == "89");
}

TEST_CASE("multipart_byteranges: each range under its own head") {
  const std::vector<ByteRange> ranges = {{.first = 0, .last = 9}, {.first = 20, .last = 29}};
  const auto body = multipart_byteranges(file(0, 100), "a/b", ranges, "XyZ");
  CHECK(text_of_body(body) ==
        "--XyZ\r\nContent-Type: a/b\r\nContent-Range: bytes 0-9/100\r\n\r\n<0+10>"
        "\r\n--XyZ\r\nContent-Type: a/b\r\nContent-Range: bytes 20-29/100\r\n\r\n<20+10>"
        "\r\n--XyZ--\r\n");
}

TEST_CASE("multipart_byteranges: the length counts every byte") {
  const std::string content = "0123456789";
  Response response;
  response.body = multipart_byteranges(
      content, "a/b", std::vector<ByteRange>{{.first = 0, .last = 1}, {.first = 5, .last = 9}},
      "B");
  CHECK(response.body_length() == text_of_body(response.body).size());
}

TEST_CASE("multipart_byteranges: a media type cannot add lines to a part") {
  const auto body = multipart_byteranges(std::string("0123"), "a/b\r\nX: y",
                                         std::vector<ByteRange>{{.first = 0, .last = 1}}, "B");
  CHECK(text_of_body(body).find("Content-Type: a/b  X: y\r\n") != std::string::npos);
}

TEST_CASE("apply_range: one range is a 206 with its place told") {
  Response response = blob(file(0, 2048));
  REQUIRE(apply_range(response, "bytes=500-1499", "B"));
  CHECK(response.status == 206);
  CHECK(response.headers.find("Content-Range") == "bytes 500-1499/2048");
  CHECK(response.headers.find("Content-Type") == "application/octet-stream");
  CHECK(response.body_length() == 1000);
  CHECK(text_of_body(response.body) == "<500+1000>");
}

TEST_CASE("apply_range: several ranges are a multipart 206") {
  Response response = blob(file(0, 2048));
  REQUIRE(apply_range(response, "bytes=0-9,20-29", "B"));
  CHECK(response.status == 206);
  CHECK(response.headers.find("Content-Type") == "multipart/byteranges; boundary=B");
  CHECK_FALSE(response.headers.find("Content-Range"));
  CHECK(text_of_body(response.body).find("Content-Type: application/octet-stream\r\n") !=
        std::string::npos);
  CHECK(response.body.size() == 5);
}

TEST_CASE("apply_range: several members of which one remains are no multipart") {
  Response response = blob(file(0, 100));
  REQUIRE(apply_range(response, "bytes=0-9,200-", "B"));
  CHECK(response.headers.find("Content-Range") == "bytes 0-9/100");
  CHECK(text_of_body(response.body) == "<0+10>");
}

TEST_CASE("apply_range: a field to ignore leaves the answer whole") {
  Response response = blob(file(0, 100));
  REQUIRE(apply_range(response, "lines=0-9", "B"));
  CHECK(response.status == 200);
  CHECK(text_of_body(response.body) == "<0+100>");
  Response empty;
  REQUIRE(apply_range(empty, "bytes=0-", "B"));
  CHECK(empty.status == 200);
}

TEST_CASE("apply_range: no such bytes leave the answer untouched") {
  Response response = blob(file(0, 2048));
  CHECK_FALSE(apply_range(response, "bytes=5000-10000", "B"));
  CHECK(response.status == 200);
  CHECK(text_of_body(response.body) == "<0+2048>");
  CHECK(unsatisfied_content_range(2048) == "bytes */2048");
}

}  // namespace
}  // namespace shale::http

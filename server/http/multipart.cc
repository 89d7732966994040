#include "server/http/multipart.h"

#include <cassert>
#include <utility>
#include <variant>

#include "server/http/grammar.h"

namespace shale::http {
namespace {

[[maybe_unused]] bool is_boundary(std::string_view text) {
  return !text.empty() && text.size() <= 70 && is_token(text);
}

}  // namespace

std::string content_range(const ByteRange& range, std::uint64_t size) {
  return "bytes " + std::to_string(range.first) + "-" + std::to_string(range.last) + "/" +
         std::to_string(size);
}

std::string unsatisfied_content_range(std::uint64_t size) {
  return "bytes */" + std::to_string(size);
}

BodyPiece cut(const BodyPiece& whole, const ByteRange& range) {
  assert(range.first <= range.last && range.last < length_of(whole));
  if (const auto* text = std::get_if<std::string>(&whole)) {
    return text->substr(range.first, range.length());
  }
  FileSlice slice = std::get<FileSlice>(whole);
  slice.offset += range.first;
  slice.length = range.length();
  return slice;
}

std::vector<BodyPiece> multipart_byteranges(const BodyPiece& whole, std::string_view media_type,
                                            std::span<const ByteRange> ranges,
                                            std::string_view boundary) {
  assert(is_boundary(boundary));
  const std::uint64_t size = length_of(whole);
  const std::string delimiter = "--" + std::string(boundary);
  const std::string type = clean_field_value(media_type);

  std::vector<BodyPiece> body;
  body.reserve(2 * ranges.size() + 1);
  std::string head = delimiter;
  for (const ByteRange& range : ranges) {
    head.append("\r\nContent-Type: ").append(type);
    head.append("\r\nContent-Range: ").append(content_range(range, size)).append("\r\n\r\n");
    body.emplace_back(std::exchange(head, "\r\n" + delimiter));
    body.push_back(cut(whole, range));
  }
  body.emplace_back(head.append("--\r\n"));
  return body;
}

bool apply_range(Response& response, std::string_view range_field, std::string_view boundary) {
  assert(response.status == 200 && response.body.size() <= 1 && !response.content_length);
  const std::uint64_t size = response.body_length();
  const auto wanted = parse_range(range_field, size);
  if (std::holds_alternative<Unsatisfiable>(wanted)) return false;
  const auto* ranges = std::get_if<std::vector<ByteRange>>(&wanted);
  if (ranges == nullptr) return true;

  const BodyPiece whole = std::move(response.body.front());
  response.status = 206;
  response.body.clear();
  if (ranges->size() == 1) {
    response.headers.set("Content-Range", content_range(ranges->front(), size));
    response.body.push_back(cut(whole, ranges->front()));
    return true;
  }
  const std::string type(
      response.headers.find("Content-Type").value_or("application/octet-stream"));
  response.headers.set("Content-Type", "multipart/byteranges; boundary=" + std::string(boundary));
  response.body = multipart_byteranges(whole, type, *ranges, boundary);
  return true;
}

}  // namespace shale::http

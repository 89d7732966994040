#include "server/http/message.h"

#include <algorithm>

#include "server/http/grammar.h"

namespace shale::http {

std::string_view method_name(Method method) noexcept {
  switch (method) {
    case Method::kGet:
      return "GET";
    case Method::kHead:
      return "HEAD";
    case Method::kPost:
      return "POST";
    case Method::kPut:
      return "PUT";
    case Method::kPatch:
      return "PATCH";
    case Method::kDelete:
      return "DELETE";
    case Method::kOptions:
      return "OPTIONS";
    case Method::kOther:
      break;
  }
  return "other";
}

void Headers::reserve(std::size_t fields) {
  fields_.reserve(fields);
}

void Headers::add(std::string name, std::string value) {
  fields_.emplace_back(std::move(name), std::move(value));
}

void Headers::set(std::string_view name, std::string value) {
  remove(name);
  fields_.emplace_back(name, std::move(value));
}

void Headers::remove(std::string_view name) {
  std::erase_if(fields_,
                [name](const auto& field) { return equal_ignoring_case(field.first, name); });
}

std::optional<std::string_view> Headers::find(std::string_view name) const noexcept {
  const auto found = std::ranges::find_if(
      fields_, [name](const auto& field) { return equal_ignoring_case(field.first, name); });
  if (found == fields_.end()) return std::nullopt;
  return found->second;
}

std::vector<std::string_view> Headers::find_all(std::string_view name) const {
  std::vector<std::string_view> values;
  for (const auto& [field_name, value] : fields_) {
    if (equal_ignoring_case(field_name, name)) values.push_back(value);
  }
  return values;
}

std::uint64_t length_of(const BodyPiece& piece) noexcept {
  if (const auto* text = std::get_if<std::string>(&piece)) return text->size();
  const auto* slice = std::get_if<FileSlice>(&piece);
  return slice != nullptr ? slice->length : 0;
}

std::uint64_t Response::body_length() const noexcept {
  std::uint64_t length = 0;
  for (const BodyPiece& piece : body)
    length += length_of(piece);
  return length;
}

}  // namespace shale::http

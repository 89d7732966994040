#include "server/http/response_head.h"

#include <array>
#include <cassert>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "server/http/grammar.h"

namespace shale::http {
namespace {

void append_number(std::string& to, std::uint64_t number, std::size_t width = 1) {
  std::array<char, 20> digits{};
  const char* end = std::to_chars(digits.data(), digits.data() + digits.size(), number).ptr;
  const auto length = static_cast<std::size_t>(end - digits.data());
  if (length < width) to.append(width - length, '0');
  to.append(digits.data(), length);
}

void append_field(std::string& to, std::string_view name, std::string_view value) {
  to.append(name).append(": ");
  if (consists_of(CharClass::kFieldValue, value)) {
    to.append(value);
  } else {
    to.append(clean_field_value(value));
  }
  to.append("\r\n");
}

[[maybe_unused]] bool is_written_here(std::string_view name) {
  for (const std::string_view ours :
       {"Content-Length", "Connection", "Date", "Transfer-Encoding"}) {
    if (equal_ignoring_case(name, ours)) return true;
  }
  return false;
}

/// The length to announce, if any (RFC 9110, section 8.6).
std::optional<std::uint64_t> announced_length(const Response& response) {
  const bool bodiless = response.status == 204 || response.status == 304;
  assert(!bodiless || response.body_length() == 0);
  if (response.status == 204) return std::nullopt;
  if (response.status == 304 || response.content_length) return response.content_length;
  return response.body_length();
}

}  // namespace

std::string serialize_head(const Response& response, bool keep_alive, int request_minor,
                           std::string_view date) {
  assert(response.status >= 200 && response.status <= 599);
  std::string head;
  head.reserve(512);
  head.append("HTTP/1.1 ");
  append_number(head, static_cast<std::uint64_t>(response.status));
  head.append(" ").append(reason_phrase(response.status)).append("\r\n");

  for (const auto& [name, value] : response.headers) {
    assert(is_token(name) && !is_written_here(name));
    append_field(head, name, value);
  }
  if (const auto length = announced_length(response)) {
    head.append("Content-Length: ");
    append_number(head, *length);
    head.append("\r\n");
  }
  if (!keep_alive || response.close) {
    head.append("Connection: close\r\n");
  } else if (request_minor == 0) {
    head.append("Connection: keep-alive\r\n");
  }
  if (!date.empty()) append_field(head, "Date", date);
  return head.append("\r\n");
}

std::string_view reason_phrase(int status) noexcept {
  switch (status) {
    case 200:
      return "OK";
    case 201:
      return "Created";
    case 202:
      return "Accepted";
    case 204:
      return "No Content";
    case 206:
      return "Partial Content";
    case 301:
      return "Moved Permanently";
    case 302:
      return "Found";
    case 303:
      return "See Other";
    case 304:
      return "Not Modified";
    case 307:
      return "Temporary Redirect";
    case 308:
      return "Permanent Redirect";
    case 400:
      return "Bad Request";
    case 401:
      return "Unauthorized";
    case 403:
      return "Forbidden";
    case 404:
      return "Not Found";
    case 405:
      return "Method Not Allowed";
    case 406:
      return "Not Acceptable";
    case 408:
      return "Request Timeout";
    case 409:
      return "Conflict";
    case 410:
      return "Gone";
    case 411:
      return "Length Required";
    case 412:
      return "Precondition Failed";
    case 413:
      return "Content Too Large";
    case 414:
      return "URI Too Long";
    case 415:
      return "Unsupported Media Type";
    case 416:
      return "Range Not Satisfiable";
    case 417:
      return "Expectation Failed";
    case 422:
      return "Unprocessable Content";
    case 426:
      return "Upgrade Required";
    case 428:
      return "Precondition Required";
    case 429:
      return "Too Many Requests";
    case 431:
      return "Request Header Fields Too Large";
    case 500:
      return "Internal Server Error";
    case 501:
      return "Not Implemented";
    case 502:
      return "Bad Gateway";
    case 503:
      return "Service Unavailable";
    case 504:
      return "Gateway Timeout";
    case 505:
      return "HTTP Version Not Supported";
    case 507:
      return "Insufficient Storage";
    default:
      return "Unknown";
  }
}

std::string http_date(std::time_t time) {
  constexpr std::array<std::string_view, 7> kDays = {"Sun", "Mon", "Tue", "Wed",
                                                     "Thu", "Fri", "Sat"};
  constexpr std::array<std::string_view, 12> kMonths = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                        "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  std::tm utc{};
  const bool representable = gmtime_r(&time, &utc) != nullptr;
  assert(representable && utc.tm_year >= -1900 && utc.tm_year <= 8099);
  const auto append = [](std::string& to, int number, std::size_t width) {
    append_number(to, static_cast<std::uint64_t>(number), width);
  };
  // `strftime` would spell the names in the locale's language.
  std::string date;
  date.reserve(29);
  date.append(kDays.at(static_cast<std::size_t>(utc.tm_wday))).append(", ");
  append(date, utc.tm_mday, 2);
  date.append(" ").append(kMonths.at(static_cast<std::size_t>(utc.tm_mon))).append(" ");
  append(date, utc.tm_year + 1900, 4);
  date.append(" ");
  append(date, utc.tm_hour, 2);
  date.append(":");
  append(date, utc.tm_min, 2);
  date.append(":");
  append(date, utc.tm_sec, 2);
  return date.append(" GMT");
}

}  // namespace shale::http

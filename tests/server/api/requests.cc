#include "tests/server/api/requests.h"

#include <cstddef>
#include <cstdio>

namespace shale::testing {
namespace {

std::string with_line(std::string head, std::string_view line) {
  head.insert(head.size() - 2, std::string(line) + "\r\n");
  return head;
}

}  // namespace

std::string head_of(std::string_view method, std::string_view target, Fields fields) {
  std::string text =
      std::string(method) + " " + std::string(target) + " HTTP/1.1\r\nHost: registry.test\r\n";
  for (const std::string_view field : fields)
    text += std::string(field) + "\r\n";
  return text + "\r\n";
}

std::string get(std::string_view target, Fields fields) {
  return head_of("GET", target, fields);
}

std::string head(std::string_view target, Fields fields) {
  return head_of("HEAD", target, fields);
}

std::string post(std::string_view target, Fields fields) {
  return sized("POST", target, "", fields);
}

std::string del(std::string_view target, Fields fields) {
  return sized("DELETE", target, "", fields);
}

std::string sized(std::string_view method, std::string_view target, std::string_view body,
                  Fields fields) {
  return with_line(head_of(method, target, fields),
                   "Content-Length: " + std::to_string(body.size())) +
         std::string(body);
}

std::string chunked(std::string_view method, std::string_view target, std::string_view body,
                    Fields fields, std::size_t chunk_bytes) {
  return with_line(head_of(method, target, fields), "Transfer-Encoding: chunked") +
         in_chunks(body, chunk_bytes);
}

std::string in_chunks(std::string_view body, std::size_t chunk_bytes) {
  std::string text;
  while (!body.empty()) {
    const std::string_view chunk = body.substr(0, chunk_bytes);
    body.remove_prefix(chunk.size());
    char size[24];
    std::snprintf(size, sizeof size, "%zx\r\n", chunk.size());
    text.append(size).append(chunk).append("\r\n");
  }
  return text + "0\r\n\r\n";
}

std::string with_query(std::string_view target, std::string_view parameter) {
  const char separator = target.find('?') == std::string_view::npos ? '?' : '&';
  return std::string(target) + separator + std::string(parameter);
}

std::string escaped(std::string_view text) {
  std::string result;
  for (const char c : text) {
    if (c == ':') {
      result += "%3A";
    } else if (c == '/') {
      result += "%2F";
    } else {
      result += c;
    }
  }
  return result;
}

}  // namespace shale::testing

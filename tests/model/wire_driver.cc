#include "tests/model/wire_driver.h"

#include <chrono>
#include <set>
#include <stdexcept>
#include <thread>

#include <nlohmann/json.hpp>

#include "tests/server/api/requests.h"

namespace shale::testing::model {
namespace {

using Json = nlohmann::json;

constexpr std::string_view kUploads = "/blobs/uploads/";

/// Those whose value is the same wherever the same thing happens.
constexpr const char* kComparedFields[] = {"accept-ranges",
                                           "allow",
                                           "cache-control",
                                           "connection",
                                           "content-encoding",
                                           "content-length",
                                           "content-range",
                                           "content-type",
                                           "docker-content-digest",
                                           "docker-distribution-api-version",
                                           "docker-upload-uuid",
                                           "etag",
                                           "link",
                                           "location",
                                           "oci-filters-applied",
                                           "oci-subject",
                                           "oci-tag",
                                           "range",
                                           "retry-after",
                                           "transfer-encoding",
                                           "warning"};

std::string decoded(std::string_view text) {
  std::string result;
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (text[at] == '%' && at + 2 < text.size()) {
      result += static_cast<char>(std::stoi(std::string(text.substr(at + 1, 2)), nullptr, 16));
      at += 2;
    } else {
      result += text[at];
    }
  }
  return result;
}

/// What every client escapes in a query.
std::string encoded(std::string_view text, bool everything) {
  std::string result = everything ? escaped(text) : std::string(text);
  for (std::size_t at = 0; (at = result.find('+', at)) != std::string::npos;)
    result.replace(at, 1, "%2B");
  return result;
}

std::string path_of_url(const std::string& url) {
  const auto scheme = url.find("://");
  return scheme == std::string::npos ? url : url.substr(url.find('/', scheme + 3));
}

/// The digests in a text, each once, in order.
std::set<std::string> digests_in(const std::string& text) {
  std::set<std::string> found;
  for (const char* algorithm : {"sha256:", "sha512:"}) {
    for (std::size_t at = 0; (at = text.find(algorithm, at)) != std::string::npos;) {
      const std::size_t end = text.find_first_not_of("0123456789abcdef", at + 7);
      found.insert(text.substr(at, end - at));
      at = end;
    }
  }
  return found;
}

/// The codes; of references that are missing, which ones.
std::string errors_of(const std::string& body) {
  const Json json = Json::parse(body, nullptr, /*allow_exceptions=*/false);
  if (!json.is_object() || !json.contains("errors") || !json["errors"].is_array()) {
    return "not the errors of the spec: " + body;
  }
  std::string codes;
  std::set<std::string> missing;
  for (const Json& error : json["errors"]) {
    const std::string code = error.value("code", "(no code)");
    if (code == "MANIFEST_BLOB_UNKNOWN") {
      for (const std::string& digest : digests_in(error.value("detail", Json()).dump()))
        missing.insert(code + " " + digest);
    } else {
      codes += (codes.empty() ? "" : "\n") + code;
    }
  }
  for (const std::string& line : missing)
    codes += (codes.empty() ? "" : "\n") + line;
  return codes;
}

/// Each range with its bytes, from a multipart body.
std::string ranges_of(const std::string& body, const std::string& content_type) {
  const std::string delimiter = "--" + content_type.substr(content_type.find("boundary=") + 9);
  std::string ranges;
  std::size_t at = body.find(delimiter);
  while (at != std::string::npos) {
    const std::size_t head = at + delimiter.size();
    const std::size_t end = body.find("\r\n" + delimiter, head);
    if (end == std::string::npos) return body.substr(head, 2) == "--" ? ranges : "no end";
    const std::string part = body.substr(head, end - head);
    const std::size_t blank = part.find("\r\n\r\n");
    const std::size_t range = part.find("Content-Range: ");
    if (blank == std::string::npos || range > blank) return "a part without a range";
    ranges += part.substr(range + 15, part.find("\r\n", range) - range - 15) + "\n" +
              part.substr(blank + 4) + "\n";
    at = end + 2;
  }
  return ranges;
}

bool is_listing(const Request& request) {
  return request.path == "/v2/_catalog" || request.path.ends_with("/tags/list") ||
         request.part_from_end(1) == "referrers";
}

}  // namespace

void UploadNames::learn(const std::string& model_name, const std::string& tail) {
  tails_[model_name] = tail;
  names_[tail.substr(0, tail.find('?'))] = model_name;
}

std::string UploadNames::wire_name(const std::string& model_name) const {
  const auto found = tails_.find(model_name);
  return found == tails_.end() ? model_name : found->second;
}

std::string UploadNames::model_name(const std::string& tail) const {
  const auto found = names_.find(tail.substr(0, tail.find('?')));
  return found == names_.end() ? tail : found->second;
}

void WireDriver::reconnect(const std::string& address) {
  address_ = address;
  connection_.reset();
}

std::string WireDriver::bytes_of_head(const Request& request, bool expect_continue) const {
  std::string target = request.path;
  if (const auto uploads = target.rfind(kUploads); uploads != std::string::npos) {
    const std::size_t name = uploads + kUploads.size();
    target = target.substr(0, name) + names_.wire_name(target.substr(name));
  }
  if (request.escaped) {
    for (std::size_t at = 0; (at = target.find(':', at)) != std::string::npos;)
      target.replace(at, 1, "%3A");
  }
  for (const auto& [name, value] : request.query)
    target = with_query(target, name + "=" + encoded(value, request.escaped));

  std::string head = request.method + " " + target + " HTTP/1.1\r\nHost: " + address_ + "\r\n";
  for (const auto& [name, value] : request.fields)
    head += name + ": " + value + "\r\n";
  if (request.chunked) {
    head += "Transfer-Encoding: chunked\r\n";
  } else if (!request.body.empty() || (request.method != "GET" && request.method != "HEAD")) {
    head += "Content-Length: " + std::to_string(request.body.size()) + "\r\n";
  }
  if (expect_continue) head += "Expect: 100-continue\r\n";
  return head + "\r\n";
}

Answer WireDriver::ask(const Request& request, const Answer& expected) {
  if (!connection_) connection_ = std::make_unique<WireClient>(address_);
  const std::string head = bytes_of_head(request, /*expect_continue=*/false);
  connection_->send(head + (request.chunked ? in_chunks(request.body, 700) : request.body));
  return read(request, expected);
}

void WireDriver::hold(const Request& request) {
  if (!connection_) connection_ = std::make_unique<WireClient>(address_);
  connection_->send(bytes_of_head(request, /*expect_continue=*/true));
  constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(30);
  std::string got;
  while (got.size() < kContinue.size() && std::chrono::steady_clock::now() < end) {
    got += connection_->read_some(kContinue.size() - got.size());
    std::this_thread::yield();
  }
  if (got != kContinue) throw std::runtime_error("instead of 100 Continue: \"" + got + "\"");
}

Answer WireDriver::release(const Request& request, const Answer& expected) {
  connection_->send(request.chunked ? in_chunks(request.body, 700) : request.body);
  return read(request, expected);
}

Answer WireDriver::read(const Request& request, const Answer& expected) {
  using Body = WireClient::Body;
  auto wire = connection_->read_response(request.method == "HEAD" ? Body::kAbsent : Body::kPresent);
  if (!wire) throw std::runtime_error("no answer");
  if (wire->header("Connection") == "close") connection_.reset();
  return comparable(request, expected, *std::move(wire));
}

Answer WireDriver::comparable(const Request& request, const Answer& expected, WireResponse wire) {
  Answer answer{wire.status};
  for (const char* name : kComparedFields) {
    for (const std::string_view value : wire.headers.find_all(name)) {
      std::string& joined = answer.fields[name];
      joined += (joined.empty() ? "" : ", ") + std::string(value);
    }
  }
  auto& fields = answer.fields;
  if (fields.contains("location")) {
    std::string path = path_of_url(fields["location"]);
    if (const auto uploads = path.rfind(kUploads); uploads != std::string::npos) {
      const std::size_t name = uploads + kUploads.size();
      const std::string tail = path.substr(name);
      const auto begun = expected.fields.find("docker-upload-uuid");
      if (begun != expected.fields.end() && answer.status == expected.status) {
        names_.learn(begun->second, tail);
      }
      path = path.substr(0, name) + names_.model_name(tail);
    }
    fields["location"] = path;
  }
  if (fields.contains("docker-upload-uuid")) {
    fields["docker-upload-uuid"] = names_.model_name(fields["docker-upload-uuid"]);
  }
  // A body that nobody wants is read past when it is known to be short (server/net/README.md).
  const bool unread = answer.status >= 400 && (request.chunked || request.body.size() > 256 << 10);
  if ((unread || answer.status == 413) && fields["connection"] == "close")
    fields.erase("connection");
  if (fields.contains("link")) fields["link"] = decoded(fields["link"]);
  if (fields.contains("warning")) fields["warning"] = fields["warning"].substr(0, 3);

  const bool multipart = fields["content-type"].starts_with("multipart/byteranges; boundary=");
  const bool spelling_is_free =
      answer.status >= 400 || multipart || (answer.status == 200 && is_listing(request));
  if (spelling_is_free && fields.contains("content-length")) {
    fields["content-length"] = fields["content-length"] == "0" ? "0" : kSomeLength;
  }
  if (request.method == "HEAD") {
    answer.body.clear();
  } else if (answer.status >= 400) {
    answer.body = errors_of(wire.body);
  } else if (multipart) {
    answer.body = ranges_of(wire.body, fields["content-type"]);
  } else if (spelling_is_free) {
    const Json json = Json::parse(wire.body, nullptr, /*allow_exceptions=*/false);
    answer.body = json.is_discarded() ? "no JSON: " + wire.body : json.dump();
  } else {
    answer.body = std::move(wire.body);
  }
  if (multipart) fields["content-type"] = "multipart/byteranges";
  std::erase_if(fields, [](const auto& field) { return field.second.empty(); });
  return answer;
}

}  // namespace shale::testing::model

#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace shale::http {

enum class Method : std::uint8_t { kGet, kHead, kPost, kPut, kPatch, kDelete, kOptions, kOther };

std::string_view method_name(Method method) noexcept;

/// Header fields in the order in which they came. Names compare without case.
class Headers {
 public:
  void reserve(std::size_t fields);
  void add(std::string name, std::string value);
  /// Replaces every field of that name.
  void set(std::string_view name, std::string value);
  void remove(std::string_view name);

  /// The first field of that name.
  std::optional<std::string_view> find(std::string_view name) const noexcept;
  std::vector<std::string_view> find_all(std::string_view name) const;

  auto begin() const noexcept { return fields_.begin(); }
  auto end() const noexcept { return fields_.end(); }
  std::size_t size() const noexcept { return fields_.size(); }
  void clear() noexcept { fields_.clear(); }

 private:
  std::vector<std::pair<std::string, std::string>> fields_;
};

/// How the end of a request body is told (RFC 9112, section 6).
struct Framing {
  enum class Kind : std::uint8_t { kNone, kLength, kChunked };
  Kind kind = Kind::kNone;
  std::uint64_t length = 0;  ///< bytes, for kLength
};

/// Who is at the other end of a connection.
struct Peer {
  std::string address;  ///< as `inet_ntop` writes it; empty for a unix socket
  std::uint16_t port = 0;
  bool unix_socket = false;
  bool control = false;  ///< came through the socket that is for the operator alone
  bool tls = false;
  bool metrics = false;  ///< came to an address that is for looking after the server alone
};

/// One request, valid as HTTP/1.1 but not yet looked at by any handler.
struct Request {
  Method method = Method::kOther;
  std::string method_text;
  /// As sent: still percent-encoded, begins with '/'; only OPTIONS may have "*".
  std::string path;
  std::string query;  ///< as sent, without the '?'
  Headers headers;
  int version_minor = 1;          ///< HTTP/1.0 or HTTP/1.1
  bool keep_alive = true;         ///< what the client asked for
  bool expects_continue = false;  ///< waits for 100 before it sends the body; has one
  Framing framing;

  std::string id;    ///< names this request in the log and in error answers
  Peer peer;         ///< the other end of the socket, maybe a proxy
  std::string body;  ///< filled when the plan gathers it
};

/// A stretch of an open file. `owner` keeps the descriptor open.
struct FileSlice {
  std::shared_ptr<const void> owner;
  int descriptor = -1;
  std::uint64_t offset = 0;
  std::uint64_t length = 0;
};

using BodyPiece = std::variant<std::string, FileSlice>;

/// In bytes.
std::uint64_t length_of(const BodyPiece& piece) noexcept;

/// What goes back. `net` adds Content-Length, Connection and Date itself.
struct Response {
  int status = 200;
  Headers headers;
  std::vector<BodyPiece> body;
  /// The length to announce where it is not that of `body`: answers to HEAD.
  std::optional<std::uint64_t> content_length;
  bool close = false;       ///< end the connection after this answer
  std::string log_message;  ///< why, for the log; never sent

  std::uint64_t body_length() const noexcept;
};

}  // namespace shale::http

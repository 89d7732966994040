#include "server/cli/http_client.h"

#include <algorithm>
#include <cstdint>
#include <limits>
#include <span>

#include <boost/asio/buffer.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>
#include <nlohmann/json.hpp>

namespace shale::cli {
namespace {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using boost::system::error_code;
using Json = nlohmann::json;

/// A wire as Beast's functions want a stream to be. Keeps the first fault in its words.
class Stream {
 public:
  explicit Stream(net::Wire& wire) : wire_(wire) {}

  const std::string& fault() const noexcept { return fault_; }

  template <class Buffers>
  std::size_t read_some(const Buffers& buffers, error_code& error) {
    const asio::mutable_buffer into = first_of(buffers);
    error = {};
    if (into.size() == 0) return 0;
    const auto moved = wire_.read({static_cast<std::byte*>(into.data()), into.size()});
    const std::size_t bytes = taken(moved, error);
    if (!error && bytes == 0) error = asio::error::eof;
    return bytes;
  }
  template <class Buffers>
  std::size_t write_some(const Buffers& buffers, error_code& error) {
    error = {};
    // Gathered: a head comes in many small pieces, which in TLS would be a record each.
    gathered_.resize(std::min(asio::buffer_size(buffers), kPiece));
    if (gathered_.empty()) return 0;
    asio::buffer_copy(asio::buffer(gathered_), buffers);
    return taken(wire_.write(gathered_), error);
  }

  // Beast asks for those that throw, too, and calls none of them.
  template <class Buffers>
  std::size_t read_some(const Buffers& buffers) {
    error_code error;
    return read_some(buffers, error);
  }
  template <class Buffers>
  std::size_t write_some(const Buffers& buffers) {
    error_code error;
    return write_some(buffers, error);
  }

 private:
  /// The first that is not empty; nothing when all are.
  template <class Buffers>
  static auto first_of(const Buffers& buffers) {
    auto one = asio::buffer_sequence_begin(buffers);
    const auto end = asio::buffer_sequence_end(buffers);
    using Buffer = std::decay_t<decltype(*one)>;
    for (; one != end; ++one) {
      const Buffer buffer = *one;
      if (buffer.size() > 0) return buffer;
    }
    return Buffer();
  }

  std::size_t taken(const net::Wire::Moved& moved, error_code& error) {
    if (!moved.fault.empty()) {
      error = asio::error::broken_pipe;
      if (fault_.empty()) fault_ = moved.fault;
    }
    return moved.bytes;
  }

  static constexpr std::size_t kPiece = std::size_t{256} << 10;

  net::Wire& wire_;
  std::string gathered_;
  std::string fault_;
};

void send(Stream& stream, const HttpRequest& wish, error_code& error) {
  http::request<http::string_body> request;
  request.method_string(wish.method);
  request.target(wish.target);
  request.version(11);
  request.set(http::field::host, wish.host);
  request.set(http::field::user_agent, "shale");
  request.keep_alive(false);
  for (const auto& [name, value] : wish.fields)
    request.set(name, value);
  request.body() = wish.body;
  if (wish.sending == HttpRequest::Sending::kChunked) {
    request.chunked(true);
  } else {
    request.prepare_payload();
  }
  http::request_serializer<http::string_body> serializer(request);
  if (wish.sending == HttpRequest::Sending::kWithheld) {
    http::write_header(stream, serializer, error);
  } else {
    http::write(stream, serializer, error);
  }
}

bool same_name(std::string_view a, std::string_view b) {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; };
  return std::ranges::equal(a, b, {}, lower, lower);
}

std::string text_of(const Json& json, const char* name) {
  const auto found = json.find(name);
  return found != json.end() && found->is_string() ? found->get<std::string>() : std::string();
}

}  // namespace

std::string HttpAnswer::field(std::string_view name) const {
  const auto values = all(name);
  return values.empty() ? std::string() : values.front();
}

std::vector<std::string> HttpAnswer::all(std::string_view name) const {
  std::vector<std::string> values;
  for (const auto& [field, value] : fields) {
    if (same_name(field, name)) values.push_back(value);
  }
  return values;
}

std::string HttpAnswer::words() const {
  const Json json = Json::parse(body, nullptr, /*allow_exceptions=*/false);
  std::string all;
  if (json.is_object() && json.contains("errors") && json["errors"].is_array()) {
    for (const Json& entry : json["errors"]) {
      if (!entry.is_object()) continue;
      const std::string detail = text_of(entry, "detail");
      (all += all.empty() ? "" : "\n") += text_of(entry, "message");
      if (!detail.empty()) (all += ": ") += detail;
    }
  }
  return all;
}

std::variant<HttpAnswer, std::string> exchange(net::Wire& wire, const HttpRequest& request) {
  Stream stream(wire);
  error_code error;
  send(stream, request, error);
  // One that refuses early may have closed already; its answer tells more.
  boost::beast::flat_buffer buffer;
  http::response_parser<http::string_body> parser;
  // Not `boost::none`: to Boost 1.74, every length is above that.
  parser.body_limit(std::numeric_limits<std::uint64_t>::max());
  parser.skip(request.method == "HEAD");
  http::read(stream, buffer, parser, error);
  if (error) return stream.fault().empty() ? error.message() : stream.fault();

  HttpAnswer answer{
      .status = static_cast<int>(parser.get().result_int()), .fields = {}, .body = {}};
  for (const auto& field : parser.get()) {
    answer.fields.emplace_back(std::string(field.name_string()), std::string(field.value()));
  }
  answer.body = std::move(parser.get().body());
  return answer;
}

}  // namespace shale::cli

#include "server/http/head_parser.h"

#include <array>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <utility>

#include <boost/asio/buffer.hpp>
#include <boost/beast/http/basic_parser.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/field.hpp>

#include "server/http/grammar.h"
#include "server/http/head_screen.h"
#include "server/http/request_target.h"
#include "server/http/uri.h"

namespace shale::http {
namespace {

namespace beast = boost::beast;
using beast::http::field;

std::string_view view(beast::string_view text) {
  return {text.data(), text.size()};
}

Method method_of(std::string_view name) noexcept {
  constexpr std::array kKnown = {Method::kGet,   Method::kHead,   Method::kPost,   Method::kPut,
                                 Method::kPatch, Method::kDelete, Method::kOptions};
  for (const Method method : kKnown) {
    if (method_name(method) == name) return method;
  }
  return Method::kOther;
}

/// What the fields say that decide how the connection goes on.
struct Facts {
  std::size_t hosts = 0;
  std::string_view host;
  std::size_t lengths = 0;
  std::string_view length;
  std::size_t codings = 0;
  std::string_view coding;
  bool close = false;
  bool keep_alive = false;
  bool expects_continue = false;
  bool expects_other = false;

  void note(field name, std::string_view value) {
    switch (name) {
      case field::host:
        ++hosts;
        host = value;
        break;
      case field::content_length:
        ++lengths;
        length = value;
        break;
      case field::transfer_encoding:
        ++codings;
        coding = value;
        break;
      case field::connection:
        while (const auto option = next_member(value)) {
          close |= equal_ignoring_case(*option, "close");
          keep_alive |= equal_ignoring_case(*option, "keep-alive");
        }
        break;
      case field::expect:
        while (const auto expectation = next_member(value)) {
          const bool known = equal_ignoring_case(*expectation, "100-continue");
          (known ? expects_continue : expects_other) = true;
        }
        break;
      default:
        break;
    }
  }
};

/// Cuts a screened head into its parts. Beast's own reading of the framing is
/// laxer than ours and is not used, except that what it refuses stays refused.
class Tokenizer final : public beast::http::basic_parser<true> {
 public:
  explicit Tokenizer(Request& request) : request_(request) {
    header_limit(std::numeric_limits<std::uint32_t>::max());
    skip(true);  // the body is BodyDecoder's
  }

  std::optional<Refusal> run(std::string_view head) {
    beast::error_code error;
    put(boost::asio::const_buffer(head.data(), head.size()), error);
    if (!error) return std::nullopt;
    const bool length_known = facts_.lengths + facts_.codings > 0;
    if (error == beast::http::error::bad_content_length ||
        error == beast::http::error::bad_transfer_encoding) {
      return length_known ? Refusal::kConflictingLength : Refusal::kMalformedHead;
    }
    return Refusal::kMalformedHead;
  }

  const Facts& facts() const noexcept { return facts_; }
  std::string_view target() const noexcept { return target_; }

 private:
  void on_request_impl(beast::http::verb, beast::string_view method, beast::string_view target,
                       int version, beast::error_code&) override {
    request_.method_text = view(method);
    request_.method = method_of(view(method));
    request_.version_minor = version % 10;
    target_ = view(target);
  }

  void on_field_impl(field name, beast::string_view name_text, beast::string_view value,
                     beast::error_code&) override {
    facts_.note(name, view(value));
    request_.headers.add(std::string(view(name_text)), std::string(view(value)));
  }

  void on_response_impl(int, beast::string_view, int, beast::error_code&) override {}
  void on_header_impl(beast::error_code&) override {}
  void on_body_init_impl(const boost::optional<std::uint64_t>&, beast::error_code&) override {}
  std::size_t on_body_impl(beast::string_view, beast::error_code&) override { return 0; }
  void on_chunk_header_impl(std::uint64_t, beast::string_view, beast::error_code&) override {}
  std::size_t on_chunk_body_impl(std::uint64_t, beast::string_view, beast::error_code&) override {
    return 0;
  }
  void on_finish_impl(beast::error_code&) override {}

  Request& request_;
  Facts facts_;
  std::string_view target_;
};

std::optional<Refusal> apply_target(Request& request, std::string_view target) {
  const auto parts = split_target(request.method_text, target);
  if (!parts) return Refusal::kMalformedTarget;
  request.path = parts->path;
  request.query = parts->query;
  // RFC 9112, section 3.2.2: the host of an absolute target replaces the field's.
  if (!parts->authority.empty()) request.headers.set("Host", std::string(parts->authority));
  return std::nullopt;
}

std::optional<Refusal> check_host(const Request& request, const Facts& facts) {
  const bool missing = facts.hosts == 0 && request.version_minor > 0;
  if (missing || facts.hosts > 1) return Refusal::kMissingHost;
  if (!facts.host.empty() && !is_authority(facts.host)) return Refusal::kMissingHost;
  return std::nullopt;
}

/// RFC 9112, section 6.3, at its strictest: whatever two readers might
/// understand in two ways is refused, because that is how requests are smuggled.
std::optional<Refusal> apply_framing(Request& request, const Facts& facts) {
  constexpr auto kLongest = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
  if (facts.lengths > 1 || (facts.lengths > 0 && facts.codings > 0)) {
    return Refusal::kConflictingLength;
  }
  if (facts.codings > 0) {
    if (request.version_minor == 0) return Refusal::kMalformedHead;
    if (facts.codings > 1) return Refusal::kConflictingLength;
    if (facts.coding.empty()) return Refusal::kMalformedHead;
    if (!equal_ignoring_case(facts.coding, "chunked")) return Refusal::kUnsupportedCoding;
    request.framing.kind = Framing::Kind::kChunked;
  } else if (facts.lengths > 0) {
    const auto length = parse_decimal(facts.length);
    if (!length || *length > kLongest) return Refusal::kMalformedHead;
    request.framing = {.kind = Framing::Kind::kLength, .length = *length};
  }
  return std::nullopt;
}

std::optional<Refusal> apply_connection(Request& request, const Facts& facts) {
  request.keep_alive = !facts.close && (request.version_minor > 0 || facts.keep_alive);
  if (request.version_minor == 0) return std::nullopt;  // knows no expectations
  if (facts.expects_other) return Refusal::kExpectationUnknown;
  const bool has_body =
      request.framing.kind == Framing::Kind::kChunked || request.framing.length > 0;
  request.expects_continue = facts.expects_continue && has_body;
  return std::nullopt;
}

}  // namespace

std::variant<NeedMore, ParsedHead, Refusal> parse_head(std::string_view bytes,
                                                       const HeadLimits& limits) {
  const auto screened = screen_head(bytes, limits);
  if (const auto* refusal = std::get_if<Refusal>(&screened)) return *refusal;
  const auto* extent = std::get_if<HeadExtent>(&screened);
  if (extent == nullptr) return NeedMore{};

  std::variant<NeedMore, ParsedHead, Refusal> result;
  auto& [request, consumed] = result.emplace<ParsedHead>();
  request.headers.reserve(extent->fields);
  Tokenizer tokenizer(request);
  if (const auto no = tokenizer.run(bytes.substr(extent->begin, extent->end - extent->begin))) {
    return *no;
  }
  const Facts& facts = tokenizer.facts();
  if (const auto no = check_host(request, facts)) return *no;
  if (const auto no = apply_target(request, tokenizer.target())) return *no;
  if (const auto no = apply_framing(request, facts)) return *no;
  if (const auto no = apply_connection(request, facts)) return *no;
  consumed = extent->end;
  return result;
}

}  // namespace shale::http

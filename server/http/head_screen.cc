#include "server/http/head_screen.h"

#include <optional>

#include "server/http/grammar.h"

namespace shale::http {
namespace {

/// Longer than any registered method (the longest has 17 characters).
constexpr std::size_t kLongestMethod = 32;

/// Why the screening ends before the head does: the bytes do, or a fault.
using End = std::variant<NeedMore, Refusal>;
using Stop = std::optional<End>;

class Screen {
 public:
  Screen(std::string_view bytes, const HeadLimits& limits) : bytes_(bytes), limits_(limits) {}

  std::variant<NeedMore, HeadExtent, Refusal> run() {
    if (const auto stop = skip_empty_lines()) return end_at(*stop);
    const std::size_t begin = at_;
    if (const auto stop = request_line()) return end_at(*stop);
    std::size_t fields = 0;
    for (;; ++fields) {
      if (at_end()) return end_at(NeedMore{});
      if (peek() == '\r') break;
      if (fields == limits_.fields) return Refusal::kHeadTooLarge;
      if (const auto stop = field()) return end_at(*stop);
    }
    if (const auto stop = line_end(Refusal::kMalformedHead)) return end_at(*stop);
    return HeadExtent{.begin = begin, .end = at_, .fields = fields};
  }

 private:
  static std::variant<NeedMore, HeadExtent, Refusal> end_at(End end) {
    if (const auto* refusal = std::get_if<Refusal>(&end)) return *refusal;
    return NeedMore{};
  }

  bool at_end() const noexcept { return at_ == bytes_.size(); }
  char peek() const noexcept { return bytes_[at_]; }

  void skip(CharClass wanted) noexcept {
    while (at_ < bytes_.size() && is(wanted, bytes_[at_]))
      ++at_;
  }

  /// The next bytes are exactly `text`.
  Stop literal(std::string_view text, Refusal otherwise) noexcept {
    for (const char c : text) {
      if (at_end()) return NeedMore{};
      if (peek() != c) return otherwise;
      ++at_;
    }
    return std::nullopt;
  }

  Stop line_end(Refusal otherwise) noexcept { return literal("\r\n", otherwise); }

  /// RFC 9112, section 2.2: some clients send an empty line after a body.
  Stop skip_empty_lines() noexcept {
    while (!at_end() && peek() == '\r') {
      if (const auto stop = line_end(Refusal::kMalformedHead)) return stop;
    }
    return at_end() ? Stop{NeedMore{}} : std::nullopt;
  }

  Stop request_line() noexcept {
    if (const auto stop = method()) return stop;
    if (const auto stop = target()) return stop;
    return version();
  }

  Stop method() noexcept {
    const std::size_t begin = at_;
    skip(CharClass::kToken);
    if (at_ == begin || at_ - begin > kLongestMethod) return Refusal::kMalformedHead;
    return literal(" ", Refusal::kMalformedHead);
  }

  Stop target() noexcept {
    const std::size_t begin = at_;
    skip(CharClass::kTarget);
    if (at_ - begin > limits_.target_bytes) return Refusal::kTargetTooLong;
    if (at_end()) return NeedMore{};
    if (at_ == begin) return Refusal::kMalformedHead;
    if (peek() == '\r') return Refusal::kUnsupportedVersion;  // HTTP/0.9 names no version
    return literal(" ", Refusal::kMalformedTarget);
  }

  Stop version() noexcept {
    if (const auto stop = literal("HTTP/", Refusal::kMalformedHead)) return stop;
    const std::size_t begin = at_;
    for (const char expected : {'0', '.', '0'}) {
      if (at_end()) return NeedMore{};
      if (expected == '.' ? peek() != '.' : !is_digit(peek())) return Refusal::kMalformedHead;
      ++at_;
    }
    const std::string_view number = bytes_.substr(begin, at_ - begin);
    if (number != "1.1" && number != "1.0") return Refusal::kUnsupportedVersion;
    return line_end(Refusal::kMalformedHead);
  }

  Stop field() noexcept {
    const std::size_t begin = at_;
    skip(CharClass::kToken);
    if (at_end()) return NeedMore{};
    // An empty name is also what obs-fold and a blank before the first field look like.
    if (at_ == begin) return Refusal::kMalformedHead;
    if (const auto stop = literal(":", Refusal::kMalformedHead)) return stop;
    skip(CharClass::kFieldValue);
    return line_end(Refusal::kMalformedHead);
  }

  std::string_view bytes_;
  const HeadLimits& limits_;
  std::size_t at_ = 0;
};

}  // namespace

std::variant<NeedMore, HeadExtent, Refusal> screen_head(std::string_view bytes,
                                                        const HeadLimits& limits) {
  const auto seen = Screen(bytes.substr(0, limits.bytes), limits).run();
  if (std::holds_alternative<NeedMore>(seen) && bytes.size() >= limits.bytes) {
    return Refusal::kHeadTooLarge;
  }
  return seen;
}

}  // namespace shale::http

#include "server/http/body_decoder.h"

#include <algorithm>
#include <cstring>

#include "server/http/grammar.h"

namespace shale::http {
namespace {

/// What a 64-bit number takes; more could only be zeros in front.
constexpr std::size_t kMostSizeDigits = 16;

}  // namespace

BodyDecoder::BodyDecoder(const Framing& framing)
    : chunked_(framing.kind == Framing::Kind::kChunked) {
  if (chunked_) {
    state_ = State::kSizeBegin;
  } else if (framing.kind == Framing::Kind::kLength && framing.length > 0) {
    state_ = State::kData;
    remaining_ = framing.length;
  }
}

BodyDecoder::Step BodyDecoder::decode(std::span<std::byte> input) {
  Step step;
  while (!refusal_ && !done() && step.consumed < input.size()) {
    if (state_ == State::kData) {
      take_data(input, step);
    } else {
      refusal_ = advance(static_cast<char>(input[step.consumed]));
      if (!refusal_) ++step.consumed;
    }
  }
  step.refusal = refusal_;
  return step;
}

void BodyDecoder::take_data(std::span<std::byte> input, Step& step) {
  const std::size_t available = input.size() - step.consumed;
  const auto length = static_cast<std::size_t>(std::min<std::uint64_t>(remaining_, available));
  if (step.payload != step.consumed) {
    std::memmove(&input[step.payload], &input[step.consumed], length);
  }
  step.payload += length;
  step.consumed += length;
  remaining_ -= length;
  if (remaining_ == 0) state_ = chunked_ ? State::kDataCr : State::kDone;
}

std::optional<Refusal> BodyDecoder::advance(char c) {
  switch (state_) {
    case State::kSizeBegin:
    case State::kSize:
    case State::kExtension:
    case State::kSizeLf:
      return advance_size(c);
    case State::kDataCr:
      return expect('\r', c, State::kDataLf);
    case State::kDataLf:
      return expect('\n', c, State::kSizeBegin);
    case State::kTrailerBegin:
    case State::kTrailerName:
    case State::kTrailerValue:
    case State::kTrailerLf:
      return advance_trailer(c);
    case State::kLastLf:
      return expect('\n', c, State::kDone);
    case State::kData:
    case State::kDone:
      break;
  }
  return Refusal::kInternal;
}

/// chunk-size [ chunk-ext ] CRLF
std::optional<Refusal> BodyDecoder::advance_size(char c) {
  if (state_ == State::kSizeLf) {
    return expect('\n', c, remaining_ == 0 ? State::kTrailerBegin : State::kData);
  }
  if (state_ == State::kExtension) {
    if (c == '\r') {
      state_ = State::kSizeLf;
    } else if (!is(CharClass::kFieldValue, c) || ++extension_bytes_ > kExtensionBytes) {
      return Refusal::kMalformedBody;
    }
    return std::nullopt;
  }

  if (state_ == State::kSizeBegin) {
    remaining_ = 0;
    size_digits_ = 0;
  }
  if (const int digit = hex_value(c); digit >= 0) {
    if (++size_digits_ > kMostSizeDigits) return Refusal::kMalformedBody;
    remaining_ = remaining_ * 16 + static_cast<std::uint64_t>(digit);
    state_ = State::kSize;
    return std::nullopt;
  }
  if (state_ == State::kSizeBegin || (c != '\r' && c != ';')) return Refusal::kMalformedBody;
  state_ = c == ';' ? State::kExtension : State::kSizeLf;
  return std::nullopt;
}

/// *( field-name ":" field-value CRLF ) CR
std::optional<Refusal> BodyDecoder::advance_trailer(char c) {
  if (state_ == State::kTrailerLf) return expect('\n', c, State::kTrailerBegin);
  if (state_ == State::kTrailerBegin && c == '\r') {
    state_ = State::kLastLf;
    return std::nullopt;
  }
  if (++trailer_bytes_ > kTrailerBytes) return Refusal::kHeadTooLarge;

  if (state_ == State::kTrailerValue) {
    if (c == '\r') {
      state_ = State::kTrailerLf;
    } else if (!is(CharClass::kFieldValue, c)) {
      return Refusal::kMalformedBody;
    }
    return std::nullopt;
  }
  if (state_ == State::kTrailerName && c == ':') {
    state_ = State::kTrailerValue;
    return std::nullopt;
  }
  if (!is(CharClass::kToken, c)) return Refusal::kMalformedBody;
  state_ = State::kTrailerName;
  return std::nullopt;
}

std::optional<Refusal> BodyDecoder::expect(char wanted, char c, State next) {
  if (c != wanted) return Refusal::kMalformedBody;
  state_ = next;
  return std::nullopt;
}

}  // namespace shale::http

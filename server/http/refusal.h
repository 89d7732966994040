#pragma once

#include <cstdint>
#include <string_view>

namespace shale::http {

/// Every way in which a request can fail as HTTP, before its meaning matters.
enum class Refusal : std::uint8_t {
  kMalformedHead,       ///< 400: syntax of the request line or of a field
  kMalformedTarget,     ///< 400: form, escapes or characters of the request target
  kMalformedBody,       ///< 400: bad chunk syntax
  kConflictingLength,   ///< 400: more than one length or coding, even if they agree
  kUnsupportedCoding,   ///< 501: a transfer coding other than chunked
  kMissingHost,         ///< 400: HTTP/1.1 without exactly one valid Host
  kUnsupportedVersion,  ///< 505
  kTargetTooLong,       ///< 414
  kHeadTooLarge,        ///< 431: bytes or number of fields, trailer fields too
  kBodyTooLarge,        ///< 413
  kExpectationUnknown,  ///< 417
  kHeadTimeout,         ///< 408
  kBodyTimeout,         ///< 408
  kTlsOnly,             ///< 400: plain HTTP where TLS is spoken
  kTooManyConnections,  ///< 503
  kOverloaded,          ///< 503: the pool's queue is full, or no memory is left for the body
  kInternal,            ///< 500: an exception left a handler
};

int status_of(Refusal refusal) noexcept;
/// What was wrong and what to do, for the client.
std::string_view text_of(Refusal refusal) noexcept;

}  // namespace shale::http

#include "server/http/refusal.h"

namespace shale::http {

int status_of(Refusal refusal) noexcept {
  switch (refusal) {
    case Refusal::kMalformedHead:
    case Refusal::kMalformedTarget:
    case Refusal::kMalformedBody:
    case Refusal::kConflictingLength:
    case Refusal::kMissingHost:
    case Refusal::kTlsOnly:
      return 400;
    case Refusal::kHeadTimeout:
    case Refusal::kBodyTimeout:
      return 408;
    case Refusal::kBodyTooLarge:
      return 413;
    case Refusal::kTargetTooLong:
      return 414;
    case Refusal::kExpectationUnknown:
      return 417;
    case Refusal::kHeadTooLarge:
      return 431;
    case Refusal::kInternal:
      return 500;
    case Refusal::kUnsupportedCoding:
      return 501;
    case Refusal::kTooManyConnections:
    case Refusal::kOverloaded:
      return 503;
    case Refusal::kUnsupportedVersion:
      return 505;
  }
  return 500;
}

std::string_view text_of(Refusal refusal) noexcept {
  switch (refusal) {
    case Refusal::kMalformedHead:
      return "the request line or a header field is not valid HTTP/1.1; if this is TLS, use the "
             "plain http scheme on this port";
    case Refusal::kMalformedTarget:
      return "the request target is not a valid path; percent-encode what is not a URI character";
    case Refusal::kMalformedBody:
      return "the body is not valid chunked coding";
    case Refusal::kConflictingLength:
      return "the body's length is given more than once; send one Content-Length or one "
             "Transfer-Encoding";
    case Refusal::kUnsupportedCoding:
      return "this transfer coding is not supported; send the body with Content-Length or as "
             "\"Transfer-Encoding: chunked\"";
    case Refusal::kMissingHost:
      return "an HTTP/1.1 request needs exactly one valid Host field";
    case Refusal::kUnsupportedVersion:
      return "only HTTP/1.1 and HTTP/1.0 are spoken here";
    case Refusal::kTargetTooLong:
      return "the request target is too long; send fewer or shorter query parameters";
    case Refusal::kHeadTooLarge:
      return "the request's header fields are too large or too many";
    case Refusal::kBodyTooLarge:
      return "the request body is larger than allowed here";
    case Refusal::kExpectationUnknown:
      return "the only expectation known here is 100-continue";
    case Refusal::kHeadTimeout:
      return "the request head did not arrive in time";
    case Refusal::kBodyTimeout:
      return "the request body did not arrive in time; resume the upload";
    case Refusal::kTlsOnly:
      return "this port speaks TLS: use https";
    case Refusal::kTooManyConnections:
      return "too many connections; try again later";
    case Refusal::kOverloaded:
      return "the server is busy; try again later";
    case Refusal::kInternal:
      return "the server failed to answer this request";
  }
  return "the server failed to answer this request";
}

}  // namespace shale::http

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

#include <sys/mman.h>
#include <unistd.h>

#include "blobstore/digest.h"
#include "openapi/document.h"
#include "server/api/handlers.h"
#include "server/http/etag.h"

namespace shale::api {
namespace {

/// Never changes while the program runs.
const std::string& digest() {
  static const std::string digest =
      Digest::of(Algorithm::kSha256, std::as_bytes(std::span(openapi::document()))).str();
  return digest;
}

/// A file in memory with the text, for as long as the program runs; -1 when there is none to be
/// had.
int document_file() {
  const std::string_view text = openapi::document();
  const int file = ::memfd_create("openapi.yaml", MFD_CLOEXEC);
  if (file < 0) return -1;
  if (::write(file, text.data(), text.size()) == static_cast<::ssize_t>(text.size())) return file;
  ::close(file);
  return -1;
}

/// One file for all who ask: any stranger may, and a copy for each would use the memory for
/// bodies up.
http::BodyPiece document_piece() {
  static const int file = document_file();
  if (file < 0) return std::string(openapi::document());
  return http::FileSlice{
      .owner = nullptr, .descriptor = file, .offset = 0, .length = openapi::document().size()};
}

}  // namespace

/// Open to everybody: it says what every Shale of this version can be asked, and nothing of
/// this one.
Result<http::Response> get_contract(const Call& call) {
  http::Response response;
  response.headers.add("Content-Type", "application/yaml");
  response.headers.add("ETag", http::quoted_etag(digest()));
  // Asked again each time, so that nobody reads the contract of the version before.
  response.headers.add("Cache-Control", "no-cache");
  if (http::if_none_match_passes(call.request.headers, digest())) {
    response.body.push_back(document_piece());
  } else {
    response.status = 304;
    response.content_length = openapi::document().size();
  }
  return response;
}

}  // namespace shale::api

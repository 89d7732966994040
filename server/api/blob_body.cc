#include "server/api/blob_body.h"

#include <cstddef>
#include <span>
#include <string>

namespace shale::api {

Result<http::BodyPiece> blob_piece(const std::shared_ptr<const Blob>& blob, std::uint64_t size) {
  if (blob->descriptor() >= 0) {
    return http::BodyPiece{http::FileSlice{
        .owner = blob, .descriptor = blob->descriptor(), .offset = 0, .length = size}};
  }
  std::string bytes(static_cast<std::size_t>(size), '\0');
  SHALE_TRY_ASSIGN(const std::size_t got, blob->read(0, std::as_writable_bytes(std::span(bytes))));
  if (got != size) return Error{Errc::kCorrupt, "a blob ends before its size"};
  return http::BodyPiece{std::move(bytes)};
}

}  // namespace shale::api

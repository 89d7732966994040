#pragma once

#include <cstdint>
#include <memory>

#include "blobstore/blob_store.h"
#include "server/http/message.h"

namespace shale::api {

/// A blob of `size` bytes as the body of an answer: a slice of its file, or, from
/// a store without files, the bytes themselves.
Result<http::BodyPiece> blob_piece(const std::shared_ptr<const Blob>& blob, std::uint64_t size);

}  // namespace shale::api

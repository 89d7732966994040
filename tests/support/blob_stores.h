#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "blobstore/blob_store.h"
#include "blobstore/file/file_blob_store.h"
#include "blobstore/memory_blob_store.h"
#include "tests/support/bytes.h"
#include "tests/support/result.h"
#include "tests/support/temporary_directory.h"

namespace shale::testing {

// Backends for TEST_CASE_TEMPLATE: each has an empty `store` of its own.

struct InMemory {
  MemoryBlobStore memory;
  BlobStore& store = memory;
};

struct OnDisk {
  TemporaryDirectory root;
  std::unique_ptr<FileBlobStore> disk = open();
  BlobStore& store = *disk;

  std::unique_ptr<FileBlobStore> open() const {
    return value(FileBlobStore::open({.root = root.path(), .reserve = 0}));
  }
};

/// Uploads `content` in one go.
inline Digest put_blob(BlobStore& store, std::string_view content,
                       Algorithm algorithm = Algorithm::kSha256) {
  const Digest digest = digest_of(content, algorithm);
  auto upload = value(store.begin_upload(UploadId::random(), algorithm));
  REQUIRE(upload->append(bytes(content)));
  REQUIRE(upload->commit(digest));
  return digest;
}

/// All bytes of a blob, in reads that end in its middle.
inline std::string read_blob(const BlobStore& store, const Digest& digest) {
  const auto blob = value(store.open(digest, value(store.size(digest))));
  std::string content;
  std::string piece(7, '\0');
  for (;;) {
    const auto into = std::as_writable_bytes(std::span(piece));
    const std::size_t count = value(blob->read(content.size(), into));
    content.append(piece, 0, count);
    if (count < piece.size()) return content;
  }
}

}  // namespace shale::testing

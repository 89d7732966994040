#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "blobstore/file/file_blob_store.h"
#include "blobstore/memory_blob_store.h"
#include "server/index/memory_metadata_store.h"
#include "server/index/rocks/rocks_metadata_store.h"
#include "server/registry/registry.h"
#include "tests/server/registry/faulty_blob_store.h"
#include "tests/server/registry/manifests.h"
#include "tests/support/bytes.h"
#include "tests/support/fake_clock.h"
#include "tests/support/result.h"
#include "tests/support/temporary_directory.h"

namespace shale::testing {

// Also for constants, which are made before there is a test to fail.
inline index::RepositoryName repository(std::string_view name) {
  return *index::RepositoryName::parse(name);
}

inline index::Tag tag(std::string_view name) {
  return *index::Tag::parse(name);
}

/// Of repositories below `kept/`, so that the others lose at once what is deleted.
inline index::StorePolicy fixture_policy() {
  return {.history = [](const index::RepositoryName& name) -> std::chrono::milliseconds {
    if (name.str().starts_with("kept/")) return std::chrono::hours(24);
    return std::chrono::milliseconds(0);
  }};
}

struct MemoryStores {
  static constexpr std::size_t kSmallBlobBytes = 0;
  FakeClock clock;
  MemoryBlobStore blob_store{clock};
  index::MemoryMetadataStore metadata_store{clock, std::chrono::minutes(10), fixture_policy()};

  BlobStore& blobs() { return blob_store; }
  index::MetadataStore& metadata() { return metadata_store; }
  void reopen() {}
};

/// Stores in memory, of which the one for blobs fails at will.
struct FaultyStores {
  static constexpr std::size_t kSmallBlobBytes = 0;
  FakeClock clock;
  MemoryBlobStore memory{clock};
  FaultyBlobStore blob_store{memory};
  index::MemoryMetadataStore metadata_store{clock};

  BlobStore& blobs() { return blob_store; }
  index::MetadataStore& metadata() { return metadata_store; }
  void reopen() {}
};

struct DiskStores {
  static constexpr std::size_t kSmallBlobBytes = 0;
  TemporaryDirectory root;
  FakeClock clock;
  std::unique_ptr<FileBlobStore> blob_store = open_blobs();
  std::unique_ptr<index::RocksMetadataStore> metadata_store = open_metadata();

  BlobStore& blobs() { return *blob_store; }
  index::MetadataStore& metadata() { return *metadata_store; }
  void reopen() {
    metadata_store.reset();
    blob_store.reset();
    blob_store = open_blobs();
    metadata_store = open_metadata();
  }

 private:
  std::unique_ptr<FileBlobStore> open_blobs() const {
    return value(FileBlobStore::open({.root = root / "blobs", .reserve = 0}));
  }
  std::unique_ptr<index::RocksMetadataStore> open_metadata() const {
    return value(index::RocksMetadataStore::open(
        {.path = root / "metadata", .clock = clock, .policy = fixture_policy()}));
  }
};

/// The same, with blobs that are small among the metadata.
struct SmallBlobs : DiskStores {
  inline static const std::size_t kSmallBlobBytes = registry::Options().small_blob_bytes;
};

/// A registry over stores of its own, and the steps that a client takes with it.
template <class Stores>
class Bench {
 public:
  explicit Bench(registry::Options options = {}) : options_(options) {
    options_.small_blob_bytes = Stores::kSmallBlobBytes;
    start();
  }

  registry::Registry* operator->() { return registry_.get(); }
  registry::Registry& operator*() { return *registry_; }
  FakeClock& clock() { return stores_.clock; }
  BlobStore& blobs() { return stores_.blobs(); }
  index::MetadataStore& metadata() { return stores_.metadata(); }
  Stores& stores() { return stores_; }

  /// What the end of the process and a new one leave of everything.
  void restart() {
    registry_.reset();
    stores_.reopen();
    start();
  }

  UploadId begin(const index::RepositoryName& name, Algorithm algorithm = Algorithm::kSha256) {
    return value(registry_->start_upload(name, algorithm)).id;
  }

  /// A streamed PATCH.
  registry::UploadStatus patch(const index::RepositoryName& name, const UploadId& id,
                               std::string_view content,
                               std::optional<registry::ChunkRange> range = std::nullopt) {
    const auto writer = value(registry_->write_upload(name, id, range));
    REQUIRE(writer->append(bytes(content)));
    return value(writer->pause());
  }

  /// A closing PUT, which may bring bytes.
  Result<index::BlobLink> close(const index::RepositoryName& name, const UploadId& id,
                                const Digest& digest, std::string_view content = "") {
    const auto writer = value(registry_->write_upload(name, id, std::nullopt));
    REQUIRE(writer->append(bytes(content)));
    return writer->commit(digest);
  }

  Digest push_blob(const index::RepositoryName& name, std::string_view content,
                   Algorithm algorithm = Algorithm::kSha256) {
    const Digest digest = digest_of(content, algorithm);
    REQUIRE(close(name, begin(name), digest, content));
    return digest;
  }

  std::string read_blob(const index::RepositoryName& name, const Digest& digest) {
    const auto open = value(registry_->open_blob(name, digest));
    std::string content(open.link.size, '\0');
    const auto into = std::as_writable_bytes(std::span(content));
    CHECK(value(open.blob->read(0, into)) == content.size());
    return content;
  }

  Result<registry::PushedManifest> push(const index::RepositoryName& name,
                                        const index::Reference& reference, std::string_view type,
                                        std::string_view body, std::vector<index::Tag> tags = {}) {
    return registry_->push_manifest({.repository = name,
                                     .reference = reference,
                                     .tags = std::move(tags),
                                     .content_type = type,
                                     .bytes = body,
                                     .actor = "tester"});
  }

 private:
  void start() {
    registry_ = std::make_unique<registry::Registry>(stores_.blobs(), stores_.metadata(),
                                                     stores_.clock, options_);
  }

  Stores stores_;
  registry::Options options_;
  std::unique_ptr<registry::Registry> registry_;
};

inline bool allow_all(const index::RepositoryName&) {
  return true;
}

}  // namespace shale::testing

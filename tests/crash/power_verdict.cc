#include "tests/crash/power_verdict.h"

#include <algorithm>
#include <memory>
#include <sstream>
#include <vector>

#include "blobstore/file/file_blob_store.h"
#include "server/registry/registry.h"
#include "tests/crash/power_client.h"
#include "tests/support/bytes.h"
#include "tests/support/temporary_directory.h"

namespace shale::testing::power {
namespace {

using Finding = std::optional<std::string>;

Finding first_difference(const std::string& actual, const std::string& expected) {
  if (actual == expected) return std::nullopt;
  std::istringstream is(actual);
  std::istringstream should_be(expected);
  std::string line;
  std::string other;
  while (std::getline(is, line) && std::getline(should_be, other) && line == other) {
  }
  return "the store says\n  " + line + "\nand not\n  " + other;
}

Finding check_commits(const Life& life, Position cut, const index::MetadataStore& metadata) {
  index::Sequence promised = 0;
  index::Sequence begun = 0;
  for (const Commit& commit : life.commits) {
    if (commit.acknowledged <= cut) promised = std::max(promised, commit.number);
    if (commit.began < cut) begun = std::max(begun, commit.number);
  }
  const index::Sequence found = metadata.sequence();
  if (found < promised || found > begun) {
    return "commit " + std::to_string(found) + " is the last, of " + std::to_string(promised) +
           " acknowledged and " + std::to_string(begun) + " begun";
  }
  const auto contradictions = metadata.check();
  if (!contradictions) return "check: " + contradictions.error().message;
  if (!contradictions->empty()) return "check: " + contradictions->front();
  return first_difference(shown(metadata, life.universe), life.states[found]);
}

Finding check_bytes(const Blob& blob, const Content& content) {
  std::string read(blob.size(), '\0');
  const auto count = blob.read(0, std::as_writable_bytes(std::span(read)));
  if (!count) return count.error().message;
  if (*count != read.size() || read != content.bytes) {
    return content.digest.str() + " has other bytes";
  }
  return std::nullopt;
}

Finding check_blobs(const Life& life, const registry::Registry& registry, const BlobStore& blobs) {
  for (const Content& content : life.universe.blobs) {
    if (const auto size = blobs.size(content.digest)) {
      const auto blob = blobs.open(content.digest, *size);
      if (!blob) return blob.error().message;
      if (auto wrong = check_bytes(**blob, content)) return wrong;
    }
    for (const index::RepositoryName& repository : life.universe.repositories) {
      if (!registry.stat_blob(repository, content.digest)) continue;
      const auto open = registry.open_blob(repository, content.digest);
      if (!open) return open.error().message;
      if (auto wrong = check_bytes(*open->blob, content)) return wrong;
    }
  }
  return std::nullopt;
}

/// What the cut left of uploads is resumed or unknown, and goes in the end.
Finding check_uploads(registry::Registry& registry, const index::MetadataStore& metadata,
                      const FileBlobStore& blobs, FakeClock& clock) {
  const auto rows = metadata.list_uploads();
  if (!rows) return rows.error().message;
  for (const index::UploadRow& row : *rows) {
    const auto status = registry.upload_status(row.repository, row.id);
    if (!status && status.error().code != Errc::kUploadUnknown) return status.error().message;
  }
  clock.set(std::max(clock.now(), SystemClock().now()) + std::chrono::hours(48));
  if (const auto expired = registry.expire_uploads(); !expired) return expired.error().message;
  const auto left = blobs.open_uploads();
  const auto rows_left = metadata.list_uploads();
  const auto foreign = blobs.foreign_files();
  if (!left || !rows_left || !foreign) return "uploads cannot be listed";
  if (!left->empty() || !rows_left->empty()) return "uploads that do not expire";
  if (!foreign->empty()) return "a file that is none of ours: " + foreign->front();
  return std::nullopt;
}

Finding check_pushing(registry::Registry& registry, const Life& life,
                      const index::MetadataStore& metadata, std::size_t image) {
  const Universe& universe = life.universe;
  const index::Tag& tag = universe.tags.front();
  Client client(registry, universe, 0);
  for (const index::RepositoryName& repository : universe.repositories) {
    if (const auto pushed = client.push_image(repository, image, tag); !pushed) {
      return "pushing after the cut: " + pushed.error().message;
    }
    const auto read = registry.read_manifest(repository, tag);
    if (!read || read->bytes != universe.manifests[image].content.bytes) {
      return "an image pushed after the cut is not there";
    }
  }
  const auto contradictions = metadata.check();
  if (!contradictions || !contradictions->empty()) return "check after pushing finds something";
  return std::nullopt;
}

}  // namespace

std::optional<std::string> verdict(const Life& life, Position cut, const Disk& disk) {
  const TemporaryDirectory base(fast_directory());
  make(disk, base.path());
  FakeClock clock;
  const auto metadata = index::RocksMetadataStore::open(metadata_options(base.path(), clock));
  if (!metadata) return "the metadata does not open: " + metadata.error().message;
  const auto blobs = FileBlobStore::open({.root = data_below(base.path()), .reserve = 0});
  if (!blobs) return "the blobs do not open: " + blobs.error().message;
  registry::Registry registry(**blobs, **metadata, clock, {});

  if (auto wrong = check_commits(life, cut, **metadata)) return wrong;
  if (auto wrong = check_blobs(life, registry, **blobs)) return wrong;
  if (auto wrong = check_uploads(registry, **metadata, **blobs, clock)) return wrong;
  if (auto wrong = check_pushing(registry, life, **metadata, cut % 3)) return wrong;
  return check_blobs(life, registry, **blobs);
}

}  // namespace shale::testing::power

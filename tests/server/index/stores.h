#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "server/index/memory_metadata_store.h"
#include "server/index/rocks/rocks_metadata_store.h"
#include "tests/support/bytes.h"
#include "tests/support/fake_clock.h"
#include "tests/support/result.h"
#include "tests/support/temporary_directory.h"

namespace shale::testing {

inline constexpr std::chrono::milliseconds kLease = std::chrono::minutes(10);

struct InMemory {
  index::StorePolicy policy{};
  FakeClock clock{};
  index::MemoryMetadataStore store{clock, kLease, policy};
};

struct InRocks {
  index::StorePolicy policy{};
  FakeClock clock{};
  TemporaryDirectory directory{};
  std::unique_ptr<index::RocksMetadataStore> opened = open();
  index::MetadataStore& store = *opened;

  std::unique_ptr<index::RocksMetadataStore> open() {
    return value(index::RocksMetadataStore::open(
        {.path = directory / "index", .clock = clock, .lease = kLease, .policy = policy}));
  }
};

inline index::RepositoryName repo(std::string_view name) {
  return value(index::RepositoryName::parse(name));
}
inline index::Tag tag(std::string_view name) {
  return value(index::Tag::parse(name));
}

inline index::Descriptor described(std::string_view content,
                                   std::string media_type = "application/octet-stream") {
  return {digest_of(content), std::move(media_type), content.size()};
}

inline index::LinkBlob link(std::string_view repository, std::string_view content) {
  return {repo(repository), digest_of(content), content.size(), std::nullopt, std::nullopt};
}

/// The same for a blob that is to be kept among the metadata.
inline index::LinkBlob small(std::string_view repository, std::string_view content) {
  index::LinkBlob request = link(repository, content);
  request.bytes = std::string(content);
  return request;
}

/// A manifest whose bytes are `content`, to be filled with edges.
inline index::Manifest manifest(std::string_view content) {
  index::Manifest made{described(content, "application/vnd.oci.image.manifest.v1+json"),
                       std::string(content),
                       "",
                       {},
                       {}};
  return made;
}

inline index::Manifest with(index::Manifest manifest, index::EdgeKind kind,
                            std::string_view content) {
  const bool must_exist = kind != index::EdgeKind::kSubject;
  manifest.edges.push_back({kind, described(content), must_exist});
  return manifest;
}

inline index::PutManifest put(std::string_view repository, index::Manifest manifest,
                              const std::vector<std::string>& tags = {}) {
  index::PutManifest request{repo(repository), std::move(manifest), {}, "tester"};
  for (const std::string& name : tags) {
    request.tags.push_back(tag(name));
  }
  return request;
}

/// All that is or will be doomed.
inline std::vector<index::Doomed> all_doomed(const index::MetadataStore& store) {
  return value(store.list_doomed(Time::max(), 1'000'000, {}));
}

/// The names in a page, with "..." behind them when there are more.
template <class Name>
std::string joined(const index::Page<Name>& page) {
  std::string text;
  for (const Name& name : page.items) {
    text += text.empty() ? "" : " ";
    text += name.str();
  }
  return page.more ? text + "..." : text;
}

}  // namespace shale::testing

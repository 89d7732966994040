#include "tests/crash/power_universe.h"

#include <array>
#include <random>
#include <sstream>

#include "tests/server/registry/manifests.h"
#include "tests/support/bytes.h"

namespace shale::testing::power {
namespace {

/// Below, at and above a page of 4 KiB, and nothing at all; the first eight are in images.
constexpr std::array<std::size_t, 16> kSizes{0,    1,    300,  4096, 4097, 9000, 20'000, 700,
                                             2100, 2200, 2300, 2400, 2500, 2600, 17'000, 18'000};

Content random_content(std::size_t size, Algorithm algorithm, std::mt19937_64& random) {
  for (;;) {
    std::string bytes(size, '\0');
    for (char& byte : bytes)
      byte = static_cast<char>(random());
    const Digest digest = digest_of(bytes, algorithm);
    const auto first = std::to_integer<unsigned>(digest.raw()[0]);
    if (size < 2 || first % 64 == 7) return {digest, std::move(bytes)};
  }
}

std::string described(const PlannedManifest& manifest) {
  return descriptor(manifest.media_type, manifest.content.bytes,
                    manifest.content.digest.algorithm());
}

std::string described(std::string_view type, const Content& blob) {
  return descriptor(type, blob.bytes, blob.digest.algorithm());
}

PlannedManifest planned(std::string_view type, std::string bytes, std::vector<std::size_t> blobs,
                        std::vector<std::size_t> manifests = {}) {
  const Digest digest = digest_of(bytes);
  return {{digest, std::move(bytes)}, std::string(type), std::move(blobs), std::move(manifests)};
}

std::string begin(std::string_view type) {
  return R"({"schemaVersion":2,"mediaType":")" + std::string(type) + R"(")";
}

PlannedManifest image(const Universe& universe, std::size_t config, std::size_t first,
                      std::size_t second, const std::string& more = "") {
  const auto& blobs = universe.blobs;
  return planned(kImageManifest,
                 begin(kImageManifest) + R"(,"config":)" + described(kImageConfig, blobs[config]) +
                     R"(,"layers":[)" + described(kImageLayer, blobs[first]) + "," +
                     described(kImageLayer, blobs[second]) + "]" + more + "}",
                 {config, first, second});
}

template <class Shown>
void show(std::ostringstream& out, const char* what, const Shown& asked) {
  out << what;
  if (!asked) out << " error " << static_cast<int>(asked.error().code);
}

void show_page(std::ostringstream& out, const char* what, const auto& page) {
  show(out, what, page);
  if (page) {
    for (const auto& item : page->items)
      out << " " << item.str();
  }
  out << "\n";
}

void show_tag(std::ostringstream& out, const index::MetadataStore& store,
              const index::RepositoryName& repository, const index::Tag& tag) {
  const auto found = store.find_manifest(repository, tag);
  show(out, tag.str().c_str(), found);
  if (found) out << " is " << found->digest.str();
  const auto history = store.tag_history(repository, tag, 1000);
  show(out, ", history", history);
  if (history) {
    for (const index::TagMove& move : *history) {
      out << " " << move.sequence << ":" << (move.digest ? move.digest->str() : "deleted");
    }
  }
  out << "\n";
}

void show_manifest(std::ostringstream& out, const index::MetadataStore& store,
                   const index::RepositoryName& repository, const Content& content) {
  const auto read = store.read_manifest(repository, content.digest);
  show(out, content.digest.str().c_str(), read);
  if (read) out << " " << read->descriptor.media_type << " " << digest_of(read->bytes).str();
  const auto referrers = store.list_referrers(repository, content.digest, {});
  show(out, ", referrers", referrers);
  if (referrers) {
    for (const index::Referrer& referrer : referrers->items)
      out << " " << referrer.descriptor.digest.str();
  }
  out << "\n";
}

}  // namespace

Universe::Universe(std::uint64_t seed) {
  std::mt19937_64 random(seed);
  for (const char* name : {"app", "app/base", "library/busybox"})
    repositories.push_back(*index::RepositoryName::parse(name));
  for (const char* name : {"1", "2", "latest"})
    tags.push_back(*index::Tag::parse(name));
  for (const std::size_t size : kSizes) {
    const Algorithm algorithm = size == 300 ? Algorithm::kSha512 : Algorithm::kSha256;
    blobs.push_back(random_content(size, algorithm, random));
  }
  manifests.push_back(image(*this, 2, 3, 4));
  manifests.push_back(image(*this, 7, 4, 5));
  manifests.push_back(image(*this, 1, 6, 0));
  manifests.push_back(image(*this, 2, 5, 6, R"(,"subject":)" + described(manifests[0])));
  manifests.push_back(planned(kImageIndex,
                              begin(kImageIndex) + R"(,"manifests":[)" + described(manifests[0]) +
                                  "," + described(manifests[1]) + "]}",
                              {}, {0, 1}));
}

index::StorePolicy rules() {
  return {
      .history = [](const index::RepositoryName& repository) -> std::chrono::milliseconds {
        return std::chrono::hours(repository.str() == "app" ? 1 : 0);
      },
      .untagged =
          [](const index::RepositoryName& repository) -> std::optional<std::chrono::milliseconds> {
        if (repository.str() == "app/base") return std::chrono::hours(1);
        return std::nullopt;
      }};
}

std::string shown(const index::MetadataStore& store, const Universe& universe) {
  std::ostringstream out;
  out << "sequence " << store.sequence() << "\n";
  show_page(out, "repositories", store.list_repositories("", 1000));
  const auto total = store.store_usage();
  show(out, "usage", total);
  if (total) {
    out << " " << total->repositories << " " << total->manifests << " " << total->blobs << " "
        << total->bytes;
  }
  out << "\n";
  for (const index::RepositoryName& repository : universe.repositories) {
    out << repository.str() << "\n";
    show_page(out, "tags", store.list_tags(repository, "", 1000));
    for (const index::Tag& tag : universe.tags)
      show_tag(out, store, repository, tag);
    for (const PlannedManifest& manifest : universe.manifests)
      show_manifest(out, store, repository, manifest.content);
    const auto deleted = store.list_deleted(repository, {}, 1000);
    show(out, "deleted", deleted);
    if (deleted) {
      for (const index::DeletedManifest& one : deleted->items)
        out << " " << one.descriptor.digest.str() << ":" << one.operation;
    }
    out << "\n";
    for (const Content& blob : universe.blobs) {
      const auto found = store.find_blob(repository, blob.digest);
      show(out, blob.digest.str().c_str(), found);
      if (found) out << " " << found->size;
      const auto small = store.read_small_blob(blob.digest);
      show(out, "", small);
      if (small && *small) out << " " << digest_of(**small).str();
      out << "\n";
    }
  }
  const auto doomed = store.list_doomed(Time::max(), 1000, {});
  show(out, "doomed", doomed);
  if (doomed) {
    for (const index::Doomed& row : *doomed)
      out << " " << static_cast<int>(row.kind) << "/" << row.repository << "/" << row.digest.str();
  }
  out << "\n";
  return out.str();
}

}  // namespace shale::testing::power

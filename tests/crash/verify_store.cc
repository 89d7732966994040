#include "tests/crash/verify_store.h"

#include <array>
#include <fstream>
#include <optional>
#include <set>
#include <span>
#include <string_view>

#include "blobstore/file/file_blob_store.h"
#include "server/registry/registry.h"
#include "tests/support/fake_clock.h"

namespace shale::testing {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kAll = 1'000'000;

Digest digest_of_file(const fs::path& path, Algorithm algorithm) {
  Hasher hasher(algorithm);
  std::ifstream file(path, std::ios::binary);
  std::array<char, 64 * 1024> piece{};
  while (file.read(piece.data(), piece.size()) || file.gcount() > 0) {
    hasher.update(std::as_bytes(std::span(piece).first(static_cast<std::size_t>(file.gcount()))));
  }
  return hasher.finish();
}

/// Compares files with rows.
class Verifier {
 public:
  Verifier(fs::path root, const index::MetadataStore& metadata)
      : root_(std::move(root)), metadata_(metadata) {}

  StoreReport run() {
    take(metadata_.check());
    read_doomed();
    for (const Algorithm algorithm : {Algorithm::kSha256, Algorithm::kSha512})
      look_at_blobs(algorithm);
    compare_totals();
    look_at_uploads();
    return std::move(report_);
  }

 private:
  void wrong(const std::string& what) { report_.findings.push_back(what); }

  template <class T>
  std::optional<T> take(Result<T> result) {
    if (result) return *std::move(result);
    wrong("the metadata cannot be read: " + result.error().message);
    return std::nullopt;
  }
  void take(Result<std::vector<std::string>> contradictions) {
    const auto found = take<std::vector<std::string>>(std::move(contradictions));
    for (const std::string& what : found.value_or(std::vector<std::string>()))
      wrong("metadata: " + what);
  }

  void read_doomed() {
    const auto doomed = take(metadata_.list_doomed(Time::max(), kAll, {}));
    if (!doomed) return;
    for (const index::Doomed& row : *doomed) {
      if (row.kind == index::Doomed::Kind::kBlob) doomed_.insert(row.digest);
    }
  }

  void look_at_blobs(Algorithm algorithm) {
    const fs::path top = root_ / "blobs" / algorithm_name(algorithm);
    for (const fs::directory_entry& fan_out : fs::directory_iterator(top)) {
      for (const fs::directory_entry& file : fs::directory_iterator(fan_out))
        look_at_blob(algorithm, fan_out.path().filename().string(), file);
    }
  }

  void look_at_blob(Algorithm algorithm, const std::string& fan_out,
                    const fs::directory_entry& file) {
    const std::string hex = file.path().filename().string();
    const auto digest = Digest::parse(std::string(algorithm_name(algorithm)) + ":" + hex);
    if (!digest || !file.is_regular_file() || !hex.starts_with(fan_out)) {
      return wrong("no blob's place: " + file.path().string());
    }
    if (digest_of_file(file.path(), algorithm) != *digest) {
      wrong("its bytes are not its name's: " + file.path().string());
    }
    compare_with_rows(*digest, file.file_size());
  }

  void compare_with_rows(const Digest& digest, std::uint64_t size) {
    const auto holders = take(metadata_.list_repositories_of_blob(digest, "", kAll));
    if (!holders) return;
    const bool known = !holders->items.empty() || doomed_.contains(digest);
    ++(known ? report_.blobs : report_.orphans);
    for (const index::RepositoryName& holder : holders->items) {
      const auto link = take(metadata_.find_blob(holder, digest));
      if (link && link->size != size) {
        wrong(digest.str() + " of " + holder.str() + " has " + std::to_string(size) +
              " bytes, not " + std::to_string(link->size));
      }
    }
  }

  /// The other way round only what is served can tell: small blobs have a row and no file.
  void compare_totals() {
    const auto usage = take(metadata_.store_usage());
    if (usage && static_cast<std::uint64_t>(usage->blobs) < report_.blobs) {
      wrong(std::to_string(report_.blobs) + " files have a row, but only " +
            std::to_string(usage->blobs) + " blobs are known");
    }
  }

  void look_at_uploads() {
    std::set<std::string> ids;
    for (const fs::directory_entry& file : fs::directory_iterator(root_ / "uploads")) {
      const std::string name = file.path().filename().string();
      if (!UploadId::parse(name)) wrong("no upload: " + file.path().string());
      ids.insert(name);
    }
    const auto rows = take(metadata_.list_uploads());
    for (const index::UploadRow& row : rows.value_or(std::vector<index::UploadRow>()))
      ids.insert(row.id.str());
    report_.uploads = ids.size();
  }

  const fs::path root_;
  const index::MetadataStore& metadata_;
  StoreReport report_;
  std::set<Digest> doomed_;
};

}  // namespace

StoreReport verify_store(const fs::path& root, const index::MetadataStore& metadata) {
  return Verifier(root, metadata).run();
}

std::vector<std::string> uploads_that_never_expire(const fs::path& root,
                                                   index::MetadataStore& metadata) {
  const auto blobs = FileBlobStore::open({.root = root, .reserve = 0});
  if (!blobs) return {"the blobs cannot be opened: " + blobs.error().message};
  const registry::Options options;
  const FakeClock later(SystemClock().now() + 2 * options.upload_expiry);
  registry::Registry registry(**blobs, metadata, later, options);
  if (const auto swept = registry.expire_uploads(); !swept) {
    return {"uploads cannot be expired: " + swept.error().message};
  }
  std::vector<std::string> left;
  const auto open = (*blobs)->open_uploads();
  const auto rows = metadata.list_uploads();
  if (!open || !rows) return {"uploads cannot be listed"};
  for (const OpenUpload& upload : *open)
    left.push_back("an upload's file does not expire: " + upload.id.str());
  for (const index::UploadRow& row : *rows)
    left.push_back("an upload's row does not expire: " + row.id.str());
  return left;
}

}  // namespace shale::testing

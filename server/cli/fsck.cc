#include "server/cli/fsck.h"

#include <array>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <ostream>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include "blobstore/file/file_blob_store.h"
#include "server/index/rocks/rocks_metadata_store.h"
#include "server/registry/manifest_parser.h"
#include "server/registry/scrub.h"

namespace shale::cli {
namespace {

using registry::ScrubOptions;
using registry::ScrubReport;

/// What a run works on. Opening it makes nothing where there is no store.
struct Stores {
  SystemClock clock;
  std::unique_ptr<index::RocksMetadataStore> metadata;
  std::unique_ptr<FileBlobStore> blobs;
};

std::string words_of(const Error& error) {
  std::string words = error.message;
  for (const std::string& detail : error.details) {
    if (detail != error.message) words += "; " + detail;
  }
  return words;
}

Result<void> open(const config::Config& config, Stores& stores) {
  const std::filesystem::path root = config.storage.data_dir;
  std::error_code failed;
  if (!std::filesystem::exists(root / "metadata" / "CURRENT", failed)) {
    return Error{Errc::kInvalidArgument,
                 "there is no store in " + root.string() +
                     ": name its directory with --data-dir, or its settings with --config"};
  }
  auto metadata = index::RocksMetadataStore::open(
      {.path = root / "metadata", .clock = stores.clock, .lease = config.storage.lease});
  if (!metadata) {
    Error error = std::move(metadata).error();
    if (error.code == Errc::kUnavailable) {
      error.message = "a server is running on " + root.string() +
                      ": stop it first, or use `shale scrub run`, which works beside it (" +
                      error.message + ")";
      error.details.clear();
    }
    return error;
  }
  stores.metadata = *std::move(metadata);
  SHALE_TRY_ASSIGN(stores.blobs, FileBlobStore::open({.root = root, .reserve = 0}));
  return {};
}

/// `12.3 GB`, and `17 bytes` below a thousand.
std::string sized(std::uint64_t bytes) {
  constexpr std::array<const char*, 5> kUnits{"bytes", "kB", "MB", "GB", "TB"};
  std::size_t unit = 0;
  auto value = static_cast<double>(bytes);
  for (; value >= 1000 && unit + 1 < kUnits.size(); ++unit)
    value /= 1000;
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), unit == 0 ? "%.0f %s" : "%.1f %s", value,
                kUnits.at(unit));
  return text.data();
}

std::string counted(std::uint64_t count, const std::string& one) {
  std::string digits = std::to_string(count);
  for (std::size_t at = digits.size(); at > 3; at -= 3)
    digits.insert(at - 3, ",");
  const bool y = one.ends_with('y');
  return digits + " " + (count == 1 ? one : y ? one.substr(0, one.size() - 1) + "ies" : one + "s");
}

/// What was proved, in one line.
Result<std::string> proof(const Stores& stores, const ScrubReport& report, bool quick) {
  SHALE_TRY_ASSIGN(const auto usage, stores.metadata->store_usage());
  std::uint64_t bytes = 0;
  std::optional<Digest> after;
  while (true) {
    SHALE_TRY_ASSIGN(const auto page, stores.metadata->list_blobs(after, 1000));
    for (const auto& blob : page.items)
      bytes += blob.size;
    if (!page.more || page.items.empty()) break;
    after = page.items.back().digest;
  }
  const auto manifests = static_cast<std::uint64_t>(usage.manifests);
  const auto repositories = static_cast<std::uint64_t>(usage.repositories);
  const std::string blobs = counted(report.blobs, "blob") + " (" + sized(bytes) + ")";
  const std::string rest =
      counted(manifests, "manifest") + " in " + counted(repositories, "repository");
  return "proved: " +
         (quick ? blobs + " have their sizes, " + rest + " match their digests"
                : blobs + " and " + rest + " match their digests") +
         "; edges, links and counters agree; sequence " +
         std::to_string(stores.metadata->sequence());
}

/// Says how far it is, not more often than somebody would read.
class Progress {
 public:
  explicit Progress(std::ostream& err) : err_(err) {}
  void operator()(const ScrubReport& report) {
    const auto now = std::chrono::steady_clock::now();
    if (now - last_ < std::chrono::seconds(2)) return;
    last_ = now;
    err_ << "looked at " << report.blobs << " of " << report.blobs_in_all << " blobs, "
         << sized(report.bytes) << '\n';
  }

 private:
  std::ostream& err_;
  std::chrono::steady_clock::time_point last_ = std::chrono::steady_clock::now();
};

Result<ScrubReport> look(Stores& stores, const FsckOptions& options, ScrubOptions::Act act,
                         std::ostream& err) {
  registry::DigestLocks locks;
  SHALE_TRY_ASSIGN(const auto set_aside, stores.blobs->quarantined());
  registry::Quarantine quarantine(set_aside);
  registry::Scrub scrub(*stores.blobs, *stores.metadata, stores.clock, quarantine, locks);
  ScrubReport report;
  const ScrubOptions how{
      .rate = 0,
      .bytes = options.quick ? ScrubOptions::Bytes::kSizesOnly : ScrubOptions::Bytes::kHash,
      .act = act,
      .young = std::chrono::milliseconds(0)};  // nobody is pushing
  Progress progress(err);
  SHALE_TRY(scrub.run(how, std::stop_token(), std::ref(progress), report));
  return report;
}

std::uint64_t wrong_in(const ScrubReport& report) {
  return report.damaged + report.missing + report.known + report.unreadable + report.orphans -
         report.removed + report.problems;
}

/// With `proof` where there is one.
std::string report_json(const ScrubReport& report, const std::optional<std::string>& proof) {
  const nlohmann::ordered_json json{
      {"proved", proof.has_value()},
      {"proof", proof ? nlohmann::ordered_json(*proof) : nlohmann::ordered_json()},
      {"blobs", report.blobs},
      {"bytes_read", report.bytes},
      {"damaged", report.damaged},
      {"missing", report.missing},
      {"known", report.known},
      {"unreadable", report.unreadable},
      {"orphans", report.orphans},
      {"orphans_removed", report.removed},
      {"problems", report.problems},
      {"words", report.words}};
  return json.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

int tell(const Stores& stores, const ScrubReport& report, const FsckOptions& options,
         std::ostream& out, std::ostream& err) {
  if (report.all_is_well()) {
    const auto line = proof(stores, report, options.quick);
    if (!line) {
      err << "shale: " << words_of(line.error()) << '\n';
      return kFailure;
    }
    out << (options.json ? report_json(report, *line) : *line) << '\n';
    return kOk;
  }
  if (options.json) {
    out << report_json(report, std::nullopt) << '\n';
    return kFailure;
  }
  for (const std::string& words : report.words)
    out << words << '\n';
  const std::uint64_t wrong = wrong_in(report);
  if (wrong > report.words.size()) {
    out << "and " << wrong - report.words.size() << " more\n";
  }
  out << "not proved: " << counted(wrong, "finding") << "; ";
  if (options.repair) {
    out << "what is missing or damaged is set aside until it is pushed again\n";
  } else {
    out << "`shale fsck --repair` mends what can be mended\n";
  }
  return kFailure;
}

/// Rewrites the rows that are not what the manifests and the files say, or counts them.
Result<std::uint64_t> rewrite(const config::Config& config, Stores& stores, bool only_look) {
  const BlobStore& blobs = *stores.blobs;
  return stores.metadata->repair(
      {.parse = registry::parse_manifest,
       .file_size = [&blobs](const Digest& digest) -> Result<std::optional<std::uint64_t>> {
         auto size = blobs.size(digest);
         if (size) return std::optional(*size);
         if (size.error().code == Errc::kBlobUnknown) return std::optional<std::uint64_t>();
         return std::move(size).error();
       },
       .link_what_is_named = !config.registry.allow_sparse,
       .only_look = only_look});
}

Result<ScrubReport> examine(const config::Config& config, Stores& stores,
                            const FsckOptions& options, std::ostream& err) {
  if (!options.repair) {
    SHALE_TRY_ASSIGN(ScrubReport report, look(stores, options, ScrubOptions::Act::kTell, err));
    SHALE_TRY_ASSIGN(const std::uint64_t wrong, rewrite(config, stores, /*only_look=*/true));
    // Where the rows contradict each other, that has been told.
    if (wrong > 0 && report.problems == 0) {
      ++report.problems;
      report.words.push_back(
          "the metadata are not what the manifests say: " + counted(wrong, "row") + " to rewrite");
    }
    return report;
  }
  SHALE_TRY_ASSIGN(const std::uint64_t changed, rewrite(config, stores, /*only_look=*/false));
  err << "rewrote " << counted(changed, "row") << '\n';
  SHALE_TRY(look(stores, options, ScrubOptions::Act::kAct, err));
  FsckOptions again = options;
  again.quick = true;  // the bytes were just read
  return look(stores, again, ScrubOptions::Act::kTell, err);
}

}  // namespace

int fsck(const config::Config& config, const FsckOptions& options, std::ostream& out,
         std::ostream& err) {
  Stores stores;
  auto opened = open(config, stores);
  if (!opened) {
    err << "shale: " << words_of(opened.error()) << '\n';
    return kFailure;
  }
  const auto report = examine(config, stores, options, err);
  if (!report) {
    err << "shale: could not look at everything: " << words_of(report.error()) << '\n';
    return kFailure;
  }
  return tell(stores, *report, options, out, err);
}

}  // namespace shale::cli

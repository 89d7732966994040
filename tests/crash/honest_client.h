#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "tests/crash/failing_disk.h"

namespace shale::testing {

/// Pushes in every way, mounts, tags and deletes, in one repository; takes an error for
/// what it is, goes on where an upload stopped, and insists once. Checks every answer, and
/// remembers what was acknowledged.
class HonestClient {
 public:
  /// What a server may answer besides what was hoped for: nothing else by default.
  struct Allowed {
    std::set<int> statuses;
    /// No answer during which a fault struck may be a 201, nor may anything later
    /// acknowledge bytes that were on the disk when it struck.
    bool sync_fails = false;
  };

  /// `seed` tells the contents of one client from those of another.
  HonestClient(FailingDisk& disk, std::string repository, std::string seed)
      : disk_(disk), repository_(std::move(repository)), seed_(std::move(seed)) {}

  /// All that it does. May be called again: what is there already is pushed once more.
  void work(const Allowed& allowed);
  void work();

  /// Everything acknowledged is there, what was deleted is not, and whatever is visible has
  /// its bytes.
  void check();

  static constexpr std::string_view kLibrary = "library";
  static constexpr std::string_view kShared = "what everybody mounts";

 private:
  std::optional<WireResponse> ask(const std::string& request, int expected);
  void push_in_chunks(const std::string& content, Algorithm algorithm);
  std::optional<std::size_t> go_on(const std::string& location, const std::string& content);
  bool finish(const std::string& location, const Digest& digest, std::string_view rest);
  void push_whole(const std::string& content);
  void push_wrong();
  void cancel();
  void mount();
  void push_manifest(const std::string& tag, const std::string& config, const std::string& layer);
  void delete_some();
  std::string uploads() const { return "/v2/" + repository_ + "/blobs/uploads/"; }
  std::string content(std::string_view what, std::size_t size) const;

  FailingDisk& disk_;
  const std::string repository_;
  const std::string seed_;
  Allowed allowed_;
  std::map<std::string, std::string> sent_;       ///< digest to bytes, whatever came of it
  std::map<std::string, std::string> blobs_;      ///< of those, what was acknowledged
  std::map<std::string, std::string> manifests_;  ///< tag to bytes; empty when it was deleted
  std::set<std::string> deleted_;                 ///< digests of blobs
};

}  // namespace shale::testing

#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "server/cli/doctor/admission.h"
#include "server/cli/doctor/report.h"
#include "server/cli/doctor/visitor.h"

namespace shale::cli::doctor {

/// Pushes an image of random bytes to a repository that nobody else uses, pulls it back, and
/// removes all of it. Each step is a check; what a failed step would have made is left out.
class Trial {
 public:
  /// Visitor and report must outlive this.
  Trial(const Visitor& visitor, Standing standing, std::string repository, Report& report);

  /// False when this visitor may not push there, or the first upload fails otherwise.
  bool check_locations();
  bool push();
  void pull();
  void check_paging();
  /// Whether what is in front hands a body on while it comes.
  void check_buffering();
  void clean_up();

 private:
  struct Blob {
    std::string bytes;
    std::string digest;
    std::string media_type;
  };

  static Blob make_blob(std::string bytes, std::string media_type);

  std::string path(const std::string& rest) const { return "/v2/" + repository_ + rest; }
  /// The target of an upload that was begun; empty when that failed, which has been reported
  /// as of `check` then.
  std::string begin_upload(const std::string& check);
  bool finish_upload(const std::string& check, const std::string& target, const Blob& blob,
                     bool sent);
  /// Whatever comes of it: what is left expires.
  void cancel(const std::string& target);
  bool push_whole();
  bool push_chunked();
  bool push_manifest();
  void fail(const std::string& check, const std::string& what, const Visitor::Answer& answer);
  bool remove_for_good();
  void remove_one_by_one();

  const Visitor& visitor_;
  Standing standing_;
  std::string repository_;
  Report& report_;
  Blob large_;
  Blob streamed_;
  Blob config_;
  std::string manifest_;
  std::string manifest_digest_;
  std::vector<std::string> pushed_;  ///< digests of blobs
  bool tagged_ = false;
};

/// Whether a client that came by `ours` can follow a Location or a Link; what is wrong with
/// it, or empty.
std::string fault_of_location(std::string_view location, const Origin& ours);

/// What to do about an answer that refuses.
std::string advice_on(int status, bool registry_words);

}  // namespace shale::cli::doctor

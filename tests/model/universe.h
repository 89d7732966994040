#pragma once

#include <cstdint>
#include <iterator>
#include <map>
#include <random>
#include <string>
#include <vector>

#include "tests/model/manifest_reading.h"
#include "tests/model/profile.h"

namespace shale::testing::model {

/// A manifest that somebody may push.
struct PushableManifest {
  std::string body;
  std::string type;  ///< the Content-Type that goes with it
  ManifestFacts facts;
};

/// What there is to push, ask for and get wrong: little, so that requests meet.
/// The contents follow from the seed alone.
struct Universe {
  Universe(std::uint64_t seed, const Profile& profile);

  std::vector<std::string> repositories;
  std::vector<std::string> tags;
  std::vector<std::string> contents;  ///< of blobs
  std::vector<PushableManifest> manifests;

  // What cannot be.
  std::vector<std::string> bad_names;
  std::vector<std::string> bad_tags;
  std::vector<std::string> bad_digests;
  std::vector<std::string> paths_to_nothing;
  std::vector<PushableManifest> bad_manifests;  ///< without facts

  /// The content of a digest; null when nothing has it.
  const std::string* content_of(const std::string& digest) const;
  const PushableManifest* manifest_of(const std::string& digest) const;

 private:
  std::map<std::string, std::size_t> contents_by_digest_;
  std::map<std::string, std::size_t> manifests_by_digest_;
};

/// Dice that fall the same way for the same seed, on every machine.
class Dice {
 public:
  explicit Dice(std::uint64_t seed) : engine_(seed) {}

  /// 0 to `bound` - 1.
  std::size_t below(std::size_t bound) { return engine_() % bound; }
  bool chance(unsigned percent) { return below(100) < percent; }
  template <class Container>
  const auto& one_of(const Container& container) {
    return *std::next(container.begin(), static_cast<std::ptrdiff_t>(below(container.size())));
  }

 private:
  std::mt19937_64 engine_;
};

}  // namespace shale::testing::model

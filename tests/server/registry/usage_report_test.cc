#include "server/registry/usage_report.h"

#include <algorithm>
#include <map>
#include <random>
#include <set>
#include <tuple>

#include <doctest/doctest.h>

#include "tests/server/registry/fixture.h"
#include "tests/support/from_environment.h"

/// Random work, and then every number of the report beside one that was counted from plain
/// maps by looking at everything.
///
/// `SHALE_TEST_SEED` repeats one run; `SHALE_TEST_ROUNDS` makes it longer.
namespace shale::registry {
namespace {

using index::RepositoryName;
using index::Tag;
using index::Usage;
using testing::Bench;
using testing::descriptor;
using testing::digest_of;
using testing::DiskStores;
using testing::error_code;
using testing::kImageConfig;
using testing::kImageLayer;
using testing::kImageManifest;
using testing::MemoryStores;
using testing::repository;
using testing::value;

const std::vector<std::string> kNames{"team", "team/a", "team/a/x", "team-b", "other/a"};

struct Image {
  std::string bytes;
  std::vector<Digest> layers;
  std::optional<Digest> annotated;
};

struct Holdings {
  std::map<Digest, std::uint64_t> blobs;  ///< size
  std::map<Digest, Image> images;
  std::map<std::string, Digest> tags;
  std::uint64_t in_flight = 0;
};

/// Repository and digest of each image, with how it was found.
using Told = std::set<std::tuple<std::string, Digest, bool, bool, std::vector<std::string>>>;

template <class Stores>
class Work {
 public:
  explicit Work(std::uint64_t seed) : random_(seed) {
    for (const std::string& name : kNames)
      all_[name];
  }

  void step();
  void compare();

 private:
  int below(int bound) { return std::uniform_int_distribution<int>(0, bound - 1)(random_); }
  static std::string layer(int number) {
    return "layer " + std::string(static_cast<std::size_t>(1 + number), 'x');
  }
  static constexpr int kLayers = 6;

  void push_blob(const std::string& name, const std::string& content) {
    bench_.push_blob(repository(name), content);
    all_[name].blobs.emplace(digest_of(content), content.size());
    stored_.emplace(digest_of(content), content.size());
  }
  void push_image(const std::string& name);
  void delete_something(const std::string& name);

  Usage counted(const std::string& name) const;
  Usage counted_below(const std::string& name_space) const;
  std::vector<std::string> tags_of(const Holdings& held, const Digest& digest) const;
  void compare_usage();
  void compare_layers();
  void compare_images(const std::string& hidden);

  Told told(const FoundImages& found) const {
    Told all;
    for (const FoundImage& image : found.items) {
      std::vector<std::string> tags;
      for (const Tag& tag : image.tags)
        tags.push_back(tag.str());
      all.emplace(image.repository.str(), image.descriptor.digest, image.by_layers,
                  image.by_annotation, tags);
    }
    CHECK(all.size() == found.items.size());
    CHECK_FALSE(found.more);
    return all;
  }

  std::mt19937_64 random_;
  Bench<Stores> bench_;
  std::map<std::string, Holdings> all_;
  std::map<Digest, std::uint64_t> stored_;  ///< blobs; what was deleted waits for its lease
};

template <class Stores>
void Work<Stores>::push_image(const std::string& name) {
  Image image;
  std::string layers;
  for (int left = 1 + below(3); left > 0; --left) {
    const std::string content = layer(image.layers.empty() ? below(2) : below(kLayers));
    push_blob(name, content);
    image.layers.push_back(digest_of(content));
    layers += (layers.empty() ? "" : ",") + descriptor(kImageLayer, content);
  }
  push_blob(name, "{}");
  std::string annotations;
  std::vector<Digest> known;
  for (const auto& [other, held] : all_) {
    for (const auto& [digest, what] : held.images)
      known.push_back(digest);
  }
  if (!known.empty() && below(3) == 0) {
    image.annotated = known.at(static_cast<std::size_t>(below(static_cast<int>(known.size()))));
    annotations = R"(,"annotations":{"org.opencontainers.image.base.digest":")" +
                  image.annotated->str() + "\"}";
  }
  image.bytes = R"({"schemaVersion":2,"config":)" + descriptor(kImageConfig, "{}") +
                R"(,"layers":[)" + layers + "]" + annotations + "}";
  const std::string tag = "t" + std::to_string(below(4));
  const auto pushed =
      value(bench_.push(repository(name), testing::tag(tag), kImageManifest, image.bytes));
  all_[name].images.insert_or_assign(pushed.digest, image);
  all_[name].tags.insert_or_assign(tag, pushed.digest);
}

template <class Stores>
void Work<Stores>::delete_something(const std::string& name) {
  Holdings& held = all_[name];
  if (below(2) == 0 && !held.images.empty()) {
    const Digest digest =
        std::next(held.images.begin(), below(static_cast<int>(held.images.size())))->first;
    REQUIRE(bench_->delete_manifest(repository(name), digest, "tester"));
    held.images.erase(digest);
    std::erase_if(held.tags, [&](const auto& entry) { return entry.second == digest; });
  } else if (!held.tags.empty() && below(2) == 0) {
    const std::string tag = held.tags.begin()->first;
    REQUIRE(bench_->delete_manifest(repository(name), testing::tag(tag), "tester"));
    held.tags.erase(tag);
  } else {
    const Digest digest = digest_of(layer(below(kLayers)));
    if (bench_->delete_blob(repository(name), digest)) held.blobs.erase(digest);
  }
}

template <class Stores>
void Work<Stores>::step() {
  const std::string name = kNames.at(static_cast<std::size_t>(below(5)));
  const int dice = below(10);
  if (dice < 4) {
    push_image(name);
  } else if (dice < 6) {
    push_blob(name, layer(below(kLayers)));
  } else if (dice < 7 && all_[name].in_flight < 100) {
    const std::string content(static_cast<std::size_t>(1 + below(20)), 'u');
    const UploadId id = bench_.begin(repository(name));
    bench_.patch(repository(name), id, content);
    all_[name].in_flight += content.size();
  } else {
    delete_something(name);
  }
}

template <class Stores>
Usage Work<Stores>::counted(const std::string& name) const {
  const Holdings& held = all_.at(name);
  Usage usage;
  usage.manifests = static_cast<std::int64_t>(held.images.size());
  usage.tags = static_cast<std::int64_t>(held.tags.size());
  usage.blobs = static_cast<std::int64_t>(held.blobs.size());
  const auto add = [&](std::uint64_t size, std::ptrdiff_t holders) {
    usage.logical += static_cast<std::int64_t>(size);
    if (holders == 1) usage.unique += static_cast<std::int64_t>(size);
  };
  for (const auto& [digest, size] : held.blobs) {
    add(size, std::ranges::count_if(
                  all_, [&](const auto& other) { return other.second.blobs.contains(digest); }));
  }
  for (const auto& [digest, image] : held.images) {
    add(image.bytes.size(), std::ranges::count_if(all_, [&](const auto& other) {
          return other.second.images.contains(digest);
        }));
  }
  return usage;
}

template <class Stores>
Usage Work<Stores>::counted_below(const std::string& name_space) const {
  Usage sum;
  for (const auto& [name, held] : all_) {
    if (!name_space.empty() && !(name + '/').starts_with(name_space + '/')) continue;
    const Usage one = counted(name);
    sum.manifests += one.manifests;
    sum.tags += one.tags;
    sum.blobs += one.blobs;
    sum.logical += one.logical;
    sum.unique += one.unique;
  }
  return sum;
}

template <class Stores>
void Work<Stores>::compare_usage() {
  const UsageReport report = bench_->usage_report();
  std::vector<std::pair<std::int64_t, std::string>> by_size;
  std::uint64_t in_flight = 0;
  for (const auto& [name, held] : all_) {
    in_flight += held.in_flight;
    if (held.images.empty() && held.blobs.empty()) {
      CHECK(error_code(report.of_repository(repository(name))) == Errc::kNameUnknown);
      continue;
    }
    const auto usage = value(report.of_repository(repository(name)));
    CHECK(usage.usage == counted(name));
    CHECK(usage.in_flight == held.in_flight);
    by_size.emplace_back(-counted(name).logical, name);
  }
  std::ranges::sort(by_size);
  for (const char* name_space : {"team", "team/a", "team/a/x", "team-b", "other", "none"}) {
    CAPTURE(name_space);
    const auto usage = value(report.of_namespace(name_space, 10));
    CHECK(usage.usage == counted_below(name_space));
    std::vector<std::string> expected;
    for (const auto& [size, name] : by_size) {
      if ((name + '/').starts_with(std::string(name_space) + '/')) expected.push_back(name);
    }
    std::vector<std::string> largest;
    for (const RepositoryUsage& one : usage.largest)
      largest.push_back(one.repository.str());
    CHECK(largest == expected);
  }

  const auto store = value(report.of_store(2));
  std::map<Digest, std::uint64_t> manifests;
  for (const auto& [name, held] : all_) {
    for (const auto& [digest, image] : held.images)
      manifests.emplace(digest, image.bytes.size());
  }
  std::int64_t bytes = 0;
  for (const auto& stored : {stored_, manifests}) {
    for (const auto& [digest, size] : stored)
      bytes += static_cast<std::int64_t>(size);
  }
  CHECK(store.stored == index::StoreUsage{static_cast<std::int64_t>(by_size.size()),
                                          static_cast<std::int64_t>(manifests.size()),
                                          static_cast<std::int64_t>(stored_.size()), bytes});
  CHECK(store.sum == counted_below(""));
  CHECK(store.in_flight == in_flight);
  REQUIRE(store.largest.size() == std::min<std::size_t>(2, by_size.size()));
  for (std::size_t at = 0; at < store.largest.size(); ++at)
    CHECK(store.largest.at(at).repository.str() == by_size.at(at).second);
}

template <class Stores>
void Work<Stores>::compare_layers() {
  std::vector<SharedLayer> expected;
  for (int number = 0; number < kLayers; ++number) {
    SharedLayer layer_of{digest_of(layer(number)), layer(number).size(), 0, 0};
    for (const auto& [name, held] : all_) {
      const auto images = std::ranges::count_if(held.images, [&](const auto& image) {
        return std::ranges::count(image.second.layers, layer_of.digest) > 0;
      });
      layer_of.images += static_cast<std::size_t>(images);
      layer_of.repositories += images > 0 ? 1 : 0;
    }
    if (layer_of.images > 0) expected.push_back(layer_of);
  }
  std::ranges::sort(expected, [](const SharedLayer& one, const SharedLayer& other) {
    return std::tuple(-std::int64_t(one.images), -std::int64_t(one.repositories),
                      -std::int64_t(one.size), one.digest) <
           std::tuple(-std::int64_t(other.images), -std::int64_t(other.repositories),
                      -std::int64_t(other.size), other.digest);
  });
  for (const std::size_t limit : {std::size_t{3}, std::size_t{100}}) {
    const auto shared = value(bench_->usage_report().most_shared_layers(limit));
    const std::vector<SharedLayer> first(
        expected.begin(),
        expected.begin() + static_cast<std::ptrdiff_t>(std::min(limit, expected.size())));
    CHECK(shared == first);
  }
}

template <class Stores>
std::vector<std::string> Work<Stores>::tags_of(const Holdings& held, const Digest& digest) const {
  std::vector<std::string> tags;
  for (const auto& [tag, target] : held.tags) {
    if (target == digest) tags.push_back(tag);
  }
  return tags;
}

template <class Stores>
void Work<Stores>::compare_images(const std::string& hidden) {
  const UsageReport report = bench_->usage_report();
  const auto visible = [&](const RepositoryName& name) { return name.str() != hidden; };
  for (int number = 0; number < kLayers; ++number) {
    const Digest digest = digest_of(layer(number));
    Told expected;
    for (const auto& [name, held] : all_) {
      if (name == hidden) continue;
      for (const auto& [image, what] : held.images) {
        if (std::ranges::count(what.layers, digest) == 0) continue;
        expected.emplace(name, image, true, false, tags_of(held, image));
      }
    }
    CHECK(told(value(report.images_with(digest, visible))) == expected);
  }
  for (const auto& [where, holding] : all_) {
    if (where == hidden || holding.images.empty()) continue;
    const auto& [base, base_image] = *holding.images.begin();
    Told expected;
    for (const auto& [name, held] : all_) {
      if (name == hidden) continue;
      for (const auto& [image, what] : held.images) {
        const auto& prefix = base_image.layers;
        const bool layers = image != base && what.layers.size() >= prefix.size() &&
                            std::equal(prefix.begin(), prefix.end(), what.layers.begin());
        const bool annotated = what.annotated == base;
        if (layers || annotated)
          expected.emplace(name, image, layers, annotated, tags_of(held, image));
      }
    }
    CHECK(told(value(report.images_on({repository(where), base}, visible))) == expected);
    CHECK(told(value(report.images_on({std::nullopt, base}, visible))) == expected);
  }
}

template <class Stores>
void Work<Stores>::compare() {
  compare_usage();
  compare_layers();
  compare_images("");
  compare_images("team/a");
}

TEST_CASE_TEMPLATE("UsageReport: every number is what counting everything gives", Stores,
                   MemoryStores, DiskStores) {
  const std::uint64_t rounds = testing::from_environment("SHALE_TEST_ROUNDS", 200);
  const std::uint64_t seed = testing::from_environment("SHALE_TEST_SEED", std::random_device()());
  MESSAGE("seed ", seed);
  CAPTURE(seed);
  Work<Stores> work(seed);
  work.compare();
  for (std::uint64_t round = 1; round <= rounds; ++round) {
    CAPTURE(round);
    work.step();
    if (round % 40 == 0) work.compare();
  }
}

TEST_CASE_TEMPLATE(
    "UsageReport: an image in an index is found with the tags of the index, and "
    "each image in a base counts",
    Stores, MemoryStores, DiskStores) {
  Bench<Stores> bench;
  const auto base = repository("base");
  const auto app = repository("app");
  const auto image = [&](const RepositoryName& name, const std::vector<std::string>& layers) {
    std::string list;
    for (const std::string& layer : layers) {
      bench.push_blob(name, layer);
      list += (list.empty() ? "" : ",") + descriptor(kImageLayer, layer);
    }
    bench.push_blob(name, "{}");
    const std::string bytes = R"({"schemaVersion":2,"config":)" + descriptor(kImageConfig, "{}") +
                              R"(,"layers":[)" + list + "]}";
    REQUIRE(bench.push(name, digest_of(bytes), kImageManifest, bytes));
    return bytes;
  };
  const std::string one = image(base, {"amd64"});
  const std::string two = image(base, {"arm64", "more"});
  const std::string both = R"({"schemaVersion":2,"manifests":[)" + descriptor(kImageManifest, one) +
                           "," + descriptor(kImageManifest, two) + "]}";
  REQUIRE(bench.push(base, testing::tag("1"), testing::kImageIndex, both));
  const std::string built = image(app, {"arm64", "more", "app"});
  image(app, {"more", "arm64", "app"});

  const auto all = [](const RepositoryName&) { return true; };
  const auto found = value(bench->usage_report().images_on({base, testing::tag("1")}, all));
  REQUIRE(found.items.size() == 1);
  CHECK(found.items.front().descriptor.digest == digest_of(built));
  CHECK(found.items.front().by_layers);

  const auto with = value(bench->usage_report().images_with(digest_of("amd64"), all));
  REQUIRE(with.items.size() == 1);
  CHECK(with.items.front().tags == std::vector<Tag>{testing::tag("1")});
  CHECK(error_code(bench->usage_report().images_on({base, testing::tag("2")}, all)) ==
        Errc::kManifestUnknown);
}

}  // namespace
}  // namespace shale::registry

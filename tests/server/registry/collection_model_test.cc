#include <algorithm>
#include <array>
#include <atomic>
#include <filesystem>
#include <mutex>
#include <random>
#include <shared_mutex>
#include <thread>

#include <doctest/doctest.h>

#include "tests/server/registry/fixture.h"
#include "tests/support/from_environment.h"

/// Clients that push, pull and delete, and a collector, all at once, compared with what each client
/// knows of its own manifests. All share a few layers, so that they meet at the bytes. Between
/// the pushes the clock jumps by several leases: whatever nobody names then falls due while the
/// next pushes want it again. A client that is within its lease must never be let down.
///
/// `SHALE_TEST_SEED` begins like another run; `SHALE_TEST_ROUNDS` makes it longer.
namespace shale::testing {
namespace {

using namespace std::chrono_literals;
using registry::CollectWhat;
using std::string;

constexpr std::size_t kClients = 4;
constexpr std::size_t kMostManifests = 6;  // of one client
constexpr int kSteps = 30;                 // of a client between two restarts

const std::array kRepositories{repository("team/app"), repository("team/other")};

string layer(std::uint64_t number) {
  return "layer " + std::to_string(number) + string(100, '.');
}

/// A manifest that was acknowledged and not deleted.
struct Image {
  std::size_t repository;
  std::vector<string> blobs;  // the config first
  string body;
};

/// What went wrong first, told by any thread.
class Complaint {
 public:
  void say(const string& what) {
    const std::scoped_lock lock(mutex_);
    if (first_.empty()) first_ = what;
    made_ = true;
  }
  bool made() const { return made_; }
  string text() const {
    const std::scoped_lock lock(mutex_);
    return first_;
  }

 private:
  mutable std::mutex mutex_;
  string first_;
  std::atomic<bool> made_ = false;
};

/// One client: its manifests are its own, for an annotation names it. One thread at a time.
template <class Stores>
class Client {
 public:
  Client(Bench<Stores>& registry, Complaint& complaint, std::uint64_t number, std::uint64_t seed)
      : registry_(registry), complaint_(complaint), number_(number), random_(seed + number) {}

  void step() {
    const auto what = below(10);
    if (what < 4 && images_.size() < kMostManifests) {
      push(new_image());
    } else if (what < 5 && !images_.empty()) {
      push(images_[below(images_.size())]);  // again, which moves a tag and changes nothing else
    } else if (what < 8 && !images_.empty()) {
      remove(below(images_.size()));
    } else {
      look_at_all();
    }
  }

  void look_at_all() {
    for (const Image& image : images_)
      look_at(image);
  }

  void remove_all() {
    while (!images_.empty() && !complaint_.made())
      remove(0);
  }

 private:
  std::uint64_t below(std::uint64_t bound) { return random_() % bound; }

  void complain(const string& what, const Error& error) {
    complaint_.say("client " + std::to_string(number_) + ": " + what + ": " + error.message);
  }

  Image new_image() {
    Image image{
        .repository = below(2), .blobs = {"config " + std::to_string(below(3))}, .body = ""};
    string layers;
    for (std::uint64_t i = 0; i <= below(3); ++i) {
      image.blobs.push_back(layer(below(5)));
      layers += (layers.empty() ? "" : ",") + descriptor(kImageLayer, image.blobs.back());
    }
    image.body = R"({"schemaVersion":2,"mediaType":")" + string(kImageManifest) + R"(","config":)" +
                 descriptor(kImageConfig, image.blobs[0]) + R"(,"layers":[)" + layers +
                 R"(],"annotations":{"of":")" + std::to_string(number_) + "." +
                 std::to_string(made_++) + R"("}})";
    return image;
  }

  /// As clients do: asks, or mounts, and uploads what is not there.
  bool bring(std::size_t to, const string& content) {
    const auto& name = kRepositories.at(to);
    const Digest digest = digest_of(content);
    if (below(2) == 0 && registry_->stat_blob(name, digest)) return true;
    if (below(2) == 0) {
      const auto mounted = registry_->mount(name, digest, kRepositories.at(1 - to), allow_all);
      if (mounted && *mounted) return true;
    }
    const auto writer = registry_->receive_blob(name, Algorithm::kSha256);
    if (!writer) return complain("no upload begins", writer.error()), false;
    if (const auto done = (*writer)->append(bytes(content)); !done) {
      return complain("an upload ends", done.error()), false;
    }
    const auto done = (*writer)->commit(digest);
    if (!done) complain("an upload is not linked", done.error());
    return done.has_value();
  }

  void push(const Image& image) {
    for (const string& content : image.blobs) {
      if (!bring(image.repository, content)) return;
    }
    const Digest digest = digest_of(image.body);
    const auto done = registry_->push_manifest({.repository = kRepositories.at(image.repository),
                                                .reference = digest,
                                                .tags = {tag("t" + std::to_string(below(3)))},
                                                .content_type = kImageManifest,
                                                .bytes = image.body,
                                                .actor = "tester"});
    if (!done) return complain("a manifest within its leases is refused", done.error());
    const bool known =
        std::ranges::any_of(images_, [&](const Image& other) { return other.body == image.body; });
    if (!known) images_.push_back(image);
  }

  void remove(std::size_t which) {
    const Image image = images_.at(which);
    images_.erase(images_.begin() + static_cast<std::ptrdiff_t>(which));
    const auto done = registry_->delete_manifest(kRepositories.at(image.repository),
                                                 digest_of(image.body), "tester");
    if (!done) complain("a manifest that is there cannot be deleted", done.error());
  }

  void look_at(const Image& image) {
    const auto& name = kRepositories.at(image.repository);
    const auto manifest = registry_->read_manifest(name, digest_of(image.body));
    if (!manifest) return complain("a manifest is gone", manifest.error());
    if (manifest->bytes != image.body) complaint_.say("a manifest has other bytes");
    for (const string& content : image.blobs) {
      const auto open = registry_->open_blob(name, digest_of(content));
      if (!open) return complain("a layer is gone", open.error());
      string found(content.size(), '\0');
      const auto read = open->blob->read(0, std::as_writable_bytes(std::span(found)));
      if (!read) return complain("a layer cannot be read", read.error());
      if (found != content) complaint_.say("a layer has other bytes");
    }
  }

  Bench<Stores>& registry_;
  Complaint& complaint_;
  const std::uint64_t number_;
  std::mt19937_64 random_;
  std::uint64_t made_ = 0;
  std::vector<Image> images_;
};

template <class Stores>
void collect_until(const std::atomic<bool>& stop, Bench<Stores>& registry, Complaint& complaint) {
  while (!stop) {
    const auto done = registry->collect(CollectWhat::kDue, 20);
    if (!done) complaint.say("a collection fails: " + done.error().message);
    std::this_thread::yield();
  }
}

/// The steps of one client. After some of them leases end, while nobody is in the middle of a push.
template <class Stores>
void work(Bench<Stores>& registry, Client<Stores>& client, std::shared_mutex& pushing,
          const Complaint& complaint) {
  for (int step = 0; step < kSteps && !complaint.made(); ++step) {
    {
      const std::shared_lock within_its_lease(pushing);
      client.step();
    }
    if (step % 5 == 4) {
      const std::unique_lock nobody(pushing);
      registry.clock().advance(registry::Options().lease * 3);
    }
  }
}

template <class Stores>
void all_at_once(Bench<Stores>& registry, std::vector<Client<Stores>>& clients,
                 Complaint& complaint) {
  std::atomic<bool> stop = false;
  std::shared_mutex pushing;
  std::vector<std::jthread> collectors;
  for (int i = 0; i < 2; ++i) {
    collectors.emplace_back([&] { collect_until(stop, registry, complaint); });
  }
  std::vector<std::jthread> threads;
  for (Client<Stores>& client : clients) {
    threads.emplace_back([&] { work(registry, client, pushing, complaint); });
  }
  threads.clear();
  stop = true;
}

std::size_t files_below(const std::filesystem::path& root) {
  const auto all = std::filesystem::recursive_directory_iterator(root);
  return static_cast<std::size_t>(std::ranges::count_if(
      all, [](const auto& entry) { return entry.is_regular_file() && entry.file_size() > 0; }));
}

template <class Stores>
void check_that_nothing_is_left(Bench<Stores>& registry, std::size_t files_at_first) {
  registry.clock().advance(registry::Options().lease * 3);
  CHECK_FALSE(value(registry->collect(CollectWhat::kDue, 1'000'000)).more);
  CHECK(value(registry.metadata().list_doomed(Time::max(), 10, {})).empty());
  const index::Usage usage = value(registry.metadata().usage_below(""));
  CHECK(usage.manifests == 0);
  CHECK(usage.tags == 0);
  CHECK(usage.blobs == 0);
  CHECK(value(registry.metadata().check()).empty());
  CHECK(files_below(registry.stores().root / "blobs") == files_at_first);
}

TEST_CASE_TEMPLATE(
    "Collection: what was acknowledged can be read and what was deleted goes, "
    "whoever works at once",
    Stores, DiskStores, SmallBlobs) {
  const std::uint64_t rounds = from_environment("SHALE_TEST_ROUNDS", 4);
  const std::uint64_t seed = from_environment("SHALE_TEST_SEED", std::random_device()());
  INFO("SHALE_TEST_SEED=", seed);
  Bench<Stores> registry;
  const std::size_t files_at_first = files_below(registry.stores().root / "blobs");
  Complaint complaint;
  std::vector<Client<Stores>> clients;
  for (std::uint64_t i = 0; i < kClients; ++i)
    clients.emplace_back(registry, complaint, i, seed);

  for (std::uint64_t round = 0; round < rounds && !complaint.made(); ++round) {
    all_at_once(registry, clients, complaint);
    registry.restart();
    for (Client<Stores>& client : clients)
      client.look_at_all();
    CHECK(value(registry.metadata().check()).empty());
  }
  for (Client<Stores>& client : clients)
    client.remove_all();

  CHECK(complaint.text() == "");
  if (!complaint.made()) check_that_nothing_is_left(registry, files_at_first);
}

}  // namespace
}  // namespace shale::testing

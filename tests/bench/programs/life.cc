// Fills a repository with manifests that share layers, deletes some of them, and pushes and pulls
// meanwhile at a steady rate; each prints what came of it, in JSON.
#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include <poll.h>
#include <unistd.h>

#include "tests/bench/programs/content.h"
#include "tests/bench/programs/image.h"
#include "tests/bench/programs/sha256.h"
#include "tests/bench/programs/stopwatch.h"

namespace shale::bench {
namespace {

using SteadyClock = std::chrono::steady_clock;
using Times = std::vector<double>;

constexpr const char* kUsage =
    "life ADDRESS fill REPOSITORY FIRST COUNT          manifests, each with a config of its own\n"
    "life ADDRESS delete REPOSITORY FIRST COUNT RATE   the same, so many a second\n"
    "life ADDRESS load REPOSITORY FIRST COUNT          pushes, and pulls of these, until stdin "
    "ends";
constexpr std::uint64_t kFillers = 64;
constexpr std::uint64_t kDeleters = 16;
constexpr std::uint64_t kPushers = 4;
constexpr std::uint64_t kPullers = 4;
// Of each client that loads: a push waits for the disk several times.
constexpr std::array kPaces{std::chrono::milliseconds(100), std::chrono::milliseconds(10)};
constexpr std::uint64_t kSharers = 100;       // manifests of one layer
constexpr std::uint64_t kLayerBytes = 40960;  // enough for a file of its own
constexpr std::uint64_t kLayerSeed = 1U << 20U;

struct Range {
  std::string repository;
  std::uint64_t first;
  std::uint64_t count;
};

Blob make_blob(std::string bytes) {
  std::string digest = digest_of(bytes);
  return {std::move(bytes), std::move(digest)};
}

// The layers that a range has, made once: a manifest needs their digests.
class Images {
 public:
  explicit Images(const Range& range) : first_(range.first / kSharers) {
    for (std::uint64_t i = first_; i * kSharers < range.first + range.count; ++i) {
      layers_.push_back(make_blob(random_bytes(kLayerSeed + i, kLayerBytes)));
    }
  }
  const std::vector<Blob>& layers() const { return layers_; }
  Image image(std::uint64_t number) const {
    Image image;
    image.layers.push_back(layers_[number / kSharers - first_]);
    image.config = make_blob(R"({"architecture":"amd64","os":"linux","config":{"Labels":{"n":")" +
                             std::to_string(number) + R"("}}})");
    return image;
  }

 private:
  std::uint64_t first_;
  std::vector<Blob> layers_;
};

std::string tag_of(std::uint64_t number) {
  return "v" + std::to_string(number);
}

void push_small_blob(HttpClient& client, const std::string& repository, const Blob& blob) {
  client.expect(201, "POST", "/v2/" + repository + "/blobs/uploads/?digest=" + blob.digest,
                "Content-Type: application/octet-stream\r\n", blob.bytes);
}

// Calls `work` for each number of the range, from several clients.
void for_each(const std::string& address, const Range& range, std::uint64_t clients,
              const std::function<void(HttpClient&, std::uint64_t)>& work) {
  std::atomic<std::uint64_t> next = range.first;
  const std::uint64_t end = range.first + range.count;
  std::vector<std::jthread> threads;
  threads.reserve(clients);
  for (std::uint64_t i = 0; i < clients; ++i) {
    threads.emplace_back([&] {
      HttpClient client(address);
      for (std::uint64_t number = next++; number < end; number = next++)
        work(client, number);
    });
  }
}

double since(SteadyClock::time_point begin) {
  return std::chrono::duration<double, std::milli>(SteadyClock::now() - begin).count();
}

std::string quantiles(const std::string& name, Times times) {
  if (times.empty()) die("nothing was done in the time");
  std::ranges::sort(times);
  const auto at = [&](double part) {
    return times[static_cast<std::size_t>(part * static_cast<double>(times.size() - 1))];
  };
  std::array<char, 128> text{};
  std::snprintf(text.data(), text.size(), R"(,"%s p50":%.3f,"%s p99":%.3f)", name.c_str(), at(0.5),
                name.c_str(), at(0.99));
  return text.data();
}

void fill(const std::string& address, const Range& range) {
  const Images images(range);
  const Stopwatch stopwatch;
  HttpClient client(address);
  for (const Blob& layer : images.layers())
    push_small_blob(client, range.repository, layer);
  for_each(address, range, kFillers, [&](HttpClient& filler, std::uint64_t number) {
    const Image image = images.image(number);
    push_small_blob(filler, range.repository, image.config);
    const std::string tag = tag_of(number);
    push_manifest(filler, range.repository, tag, make_manifest(image, tag));
  });
  stopwatch.print("manifests", range.count);
}

// The time of a deletion counts from when it is sent: the rate is a wish.
void remove(const std::string& address, const Range& range, std::uint64_t rate) {
  const Images images(range);
  Times times(range.count);
  const Stopwatch stopwatch;
  const auto begin = SteadyClock::now();
  for_each(address, range, kDeleters, [&](HttpClient& client, std::uint64_t number) {
    const std::string manifest = make_manifest(images.image(number), tag_of(number));
    const std::string target = "/v2/" + range.repository + "/manifests/" + digest_of(manifest);
    const std::uint64_t turn = number - range.first;
    std::this_thread::sleep_until(begin + std::chrono::microseconds(turn * 1000000 / rate));
    const auto sent = SteadyClock::now();
    client.expect(202, "DELETE", target);
    times[turn] = since(sent);
  });
  stopwatch.print("deleted", range.count, quantiles("delete", std::move(times)).c_str());
}

void push_one(HttpClient& client, std::uint64_t seed) {
  const std::string tag = tag_of(seed);
  Image image;
  image.config = make_blob(R"({"architecture":"amd64","os":"linux","n":")" + tag + R"("})");
  image.layers.push_back(make_blob(random_bytes(seed, 8192)));
  push_blob(client, "bench/load", image.layers[0]);
  push_blob(client, "bench/load", image.config);
  push_manifest(client, "bench/load", tag, make_manifest(image, tag));
}

void get(HttpClient& client, const std::string& target) {
  client.expect(200, "GET", target, "Accept: application/vnd.oci.image.manifest.v1+json\r\n");
}

void pull_one(HttpClient& client, const Range& range, const Images& images, std::uint64_t turn) {
  const std::uint64_t number = range.first + turn * 7919 % range.count;
  const Image image = images.image(number);
  const std::string base = "/v2/" + range.repository;
  get(client, base + "/manifests/" + tag_of(number));
  get(client, base + "/blobs/" + image.config.digest);
  get(client, base + "/blobs/" + image.layers[0].digest);
}

bool stdin_ended() {
  pollfd input{STDIN_FILENO, POLLIN, 0};
  char byte = 0;
  return poll(&input, 1, 20) > 0 && read(STDIN_FILENO, &byte, 1) <= 0;
}

// Every time counts from when its turn came, so that what a pause holds up is seen.
void load(const std::string& address, const Range& range) {
  const Images images(range);
  std::array<Times, kPushers + kPullers> times;
  std::atomic<bool> over = false;
  const Stopwatch stopwatch;
  std::vector<std::jthread> threads;
  for (std::uint64_t i = 0; i < times.size(); ++i) {
    threads.emplace_back([&, i] {
      HttpClient client(address);
      const std::uint64_t seed = fresh_seed();
      const auto pace = kPaces[i < kPushers ? 0 : 1];
      auto due = SteadyClock::now() + pace * i / times.size();
      for (std::uint64_t turn = 0; !over; ++turn, due += pace) {
        std::this_thread::sleep_until(due);
        if (i < kPushers) {
          push_one(client, seed + turn);
        } else {
          pull_one(client, range, images, turn * kPullers + i);
        }
        times[i].push_back(since(due));
      }
    });
  }
  while (!stdin_ended()) {
  }
  over = true;
  threads.clear();
  Times pushes;
  Times pulls;
  for (std::uint64_t i = 0; i < times.size(); ++i) {
    Times& all = i < kPushers ? pushes : pulls;
    all.insert(all.end(), times[i].begin(), times[i].end());
  }
  const std::uint64_t done = pushes.size() + pulls.size();
  stopwatch.print("done", done, (quantiles("push", pushes) + quantiles("pull", pulls)).c_str());
}

int run(int argc, char** argv) {
  const std::string what = argc >= 6 ? argv[2] : "";
  const bool deletes = what == "delete";
  if ((what != "fill" && what != "load" && !deletes) || argc != (deletes ? 7 : 6)) die(kUsage);
  const std::string address = argv[1];
  const Range range{argv[3], number(argv[4]), number(argv[5])};
  if (range.count == 0 || (deletes && number(argv[6]) == 0)) die(kUsage);
  if (what == "fill") {
    fill(address, range);
  } else if (deletes) {
    remove(address, range, number(argv[6]));
  } else {
    load(address, range);
  }
  return 0;
}

}  // namespace
}  // namespace shale::bench

int main(int argc, char** argv) {
  return shale::bench::run(argc, argv);
}

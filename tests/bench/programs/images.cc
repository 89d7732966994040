// Pushes whole small images, each with content of its own, from several clients until the time is
// over, and prints how many were acknowledged, in JSON.
#include <atomic>
#include <chrono>
#include <string>
#include <thread>
#include <vector>

#include "tests/bench/programs/content.h"
#include "tests/bench/programs/image.h"
#include "tests/bench/programs/stopwatch.h"

namespace shale::bench {
namespace {

using SteadyClock = std::chrono::steady_clock;

std::uint64_t push_images(const std::string& address, std::uint64_t client_number,
                          SteadyClock::time_point end) {
  HttpClient client(address);
  const std::string repository = "bench/images" + std::to_string(client_number);
  const std::uint64_t seed = fresh_seed();
  std::uint64_t pushed = 0;
  for (; SteadyClock::now() < end; ++pushed) {
    const Image image = make_image(seed + pushed);
    for (const Blob& layer : image.layers) {
      push_blob(client, repository, layer);
    }
    push_blob(client, repository, image.config);
    const std::string tag = "v" + std::to_string(pushed);
    push_manifest(client, repository, tag, make_manifest(image, tag));
  }
  return pushed;
}

int run(int argc, char** argv) {
  if (argc != 4) {
    die("images ADDRESS CLIENTS SECONDS");
  }
  const std::string address = argv[1];
  const std::uint64_t clients = number(argv[2]);
  const Stopwatch stopwatch;
  const auto end = SteadyClock::now() + std::chrono::seconds(number(argv[3]));

  std::atomic<std::uint64_t> images = 0;
  std::vector<std::jthread> threads;
  threads.reserve(clients);
  for (std::uint64_t i = 0; i < clients; ++i) {
    threads.emplace_back([&, i] { images += push_images(address, i, end); });
  }
  threads.clear();
  stopwatch.print("images", images);
  return 0;
}

}  // namespace
}  // namespace shale::bench

int main(int argc, char** argv) {
  return shale::bench::run(argc, argv);
}

// Fills a registry through its API with content that is the same for everybody, and prints what the
// reads need to know, in JSON.
#include <array>
#include <atomic>
#include <cstdio>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include "tests/bench/programs/image.h"
#include "tests/bench/programs/sha256.h"

namespace shale::bench {
namespace {

constexpr const char* kUsage =
    "fill ADDRESS tags REPOSITORY COUNT           one image, and COUNT manifests of it, each with "
    "a tag\n"
    "fill ADDRESS repositories PREFIX COUNT       COUNT repositories with one small image each";
constexpr std::uint64_t kClients = 16;
constexpr std::uint64_t kImageSeed = 1;

std::string numbered(const std::string& prefix, std::uint64_t number) {
  std::array<char, 16> digits{};
  std::snprintf(digits.data(), digits.size(), "%05llu", static_cast<unsigned long long>(number));
  return prefix + digits.data();
}

// Calls `work` for each number below `count`, from several clients.
void for_each(const std::string& address, std::uint64_t count,
              const std::function<void(HttpClient&, std::uint64_t)>& work) {
  std::atomic<std::uint64_t> next = 0;
  std::vector<std::jthread> threads;
  threads.reserve(kClients);
  for (std::uint64_t i = 0; i < kClients; ++i) {
    threads.emplace_back([&] {
      HttpClient client(address);
      for (std::uint64_t number = next++; number < count; number = next++) {
        work(client, number);
      }
    });
  }
}

void push_blobs(HttpClient& client, const std::string& repository, const Image& image) {
  for (const Blob& layer : image.layers) {
    push_blob(client, repository, layer);
  }
  push_blob(client, repository, image.config);
}

void mount(HttpClient& client, const std::string& repository, const std::string& source,
           const Blob& blob) {
  client.expect(201, "POST",
                "/v2/" + repository + "/blobs/uploads/?mount=" + blob.digest + "&from=" + source);
}

void fill_tags(const std::string& address, const std::string& repository, const Image& image,
               std::uint64_t count) {
  for_each(address, count, [&](HttpClient& client, std::uint64_t number) {
    const std::string tag = numbered("t", number);
    push_manifest(client, repository, tag, make_manifest(image, tag));
  });
}

void fill_repositories(const std::string& address, const std::string& prefix, const Image& image,
                       std::uint64_t count) {
  const std::string source = numbered(prefix, 0);
  for_each(address, count, [&](HttpClient& client, std::uint64_t number) {
    const std::string repository = numbered(prefix, number);
    if (number != 0) {
      mount(client, repository, source, image.config);
      for (const Blob& layer : image.layers) {
        mount(client, repository, source, layer);
      }
    }
    push_manifest(client, repository, "latest", make_manifest(image, "latest"));
  });
}

int run(int argc, char** argv) {
  const std::string what = argc == 5 ? argv[2] : "";
  if (what != "tags" && what != "repositories") {
    die(kUsage);
  }
  const std::string address = argv[1];
  const std::string name = argv[3];
  const std::uint64_t count = number(argv[4]);
  const Image image = make_image(kImageSeed);
  HttpClient client(address);
  push_blobs(client, what == "tags" ? name : numbered(name, 0), image);

  const std::string middle = numbered("t", count / 2);
  if (what == "tags") {
    fill_tags(address, name, image, count);
  } else {
    fill_repositories(address, name, image, count);
  }
  const std::string manifest = make_manifest(image, what == "tags" ? middle : "latest");
  std::printf(R"({"repository":"%s","tag":"%s","manifest":"%s","blob":"%s"})"
              "\n",
              (what == "tags" ? name : numbered(name, count / 2)).c_str(),
              what == "tags" ? middle.c_str() : "latest", digest_of(manifest).c_str(),
              image.layers[0].digest.c_str());
  return 0;
}

}  // namespace
}  // namespace shale::bench

int main(int argc, char** argv) {
  return shale::bench::run(argc, argv);
}

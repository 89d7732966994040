// Uploads blobs over several connections at once, and prints how long it took from the first POST
// to the last 201, in JSON.
#include <latch>
#include <string>
#include <thread>
#include <vector>

#include "tests/bench/programs/content.h"
#include "tests/bench/programs/http_client.h"
#include "tests/bench/programs/stopwatch.h"

namespace shale::bench {
namespace {

constexpr const char* kUsage =
    "upload ADDRESS REPOSITORY docker|containerd SIZE STREAMS [SEED]\n"
    "docker: POST, a chunked PATCH, PUT. containerd: POST, one PUT with its length.\n"
    "Without a seed, every upload has content of its own.";

void upload(HttpClient& client, const std::string& repository, const Content& content,
            const Content::Tail& tail, Content::Framing framing, const std::string& size) {
  const Head begun = client.expect(202, "POST", "/v2/" + repository + "/blobs/uploads/");
  if (framing == Content::Framing::kChunked) {
    client.send_head("PATCH", begun.location,
                     "Content-Type: application/octet-stream\r\nTransfer-Encoding: chunked\r\n");
    content.send(client.socket(), tail);
    const Head received = client.receive_expected(202);
    client.expect(201, "PUT", closing_target(received.location, tail.digest));
    return;
  }
  client.send_head("PUT", closing_target(begun.location, tail.digest),
                   "Content-Type: application/octet-stream\r\nContent-Length: " + size + "\r\n");
  content.send(client.socket(), tail);
  client.receive_expected(201);
}

int run(int argc, char** argv) {
  if (argc != 6 && argc != 7) {
    die(kUsage);
  }
  const std::string address = argv[1];
  const std::string repository = argv[2];
  const std::string shape = argv[3];
  if (shape != "docker" && shape != "containerd") {
    die(kUsage);
  }
  const auto framing = shape == "docker" ? Content::Framing::kChunked : Content::Framing::kPlain;
  const Content content(number(argv[4]), framing);
  const auto streams = number(argv[5]);
  const std::uint64_t seed = argc == 7 ? number(argv[6]) : fresh_seed();

  std::vector<Content::Tail> tails;
  tails.reserve(streams);
  for (std::uint64_t i = 0; i < streams; ++i) {
    tails.push_back(content.tail(seed + i));
  }
  std::latch ready(static_cast<std::ptrdiff_t>(streams) + 1);
  std::vector<std::jthread> threads;
  threads.reserve(streams);
  for (const Content::Tail& tail : tails) {
    threads.emplace_back([&] {
      HttpClient client(address);
      ready.arrive_and_wait();
      upload(client, repository, content, tail, framing, argv[4]);
    });
  }
  ready.arrive_and_wait();
  const Stopwatch stopwatch;
  threads.clear();
  const std::string digest = R"(,"digest":")" + tails[0].digest + "\"";
  stopwatch.print("bytes", number(argv[4]) * streams, digest.c_str());
  return 0;
}

}  // namespace
}  // namespace shale::bench

int main(int argc, char** argv) {
  return shale::bench::run(argc, argv);
}

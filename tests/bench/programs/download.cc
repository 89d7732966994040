// Downloads one target over several connections at once, throwing the bytes away inside the kernel,
// and prints how long it took from the first request to the last byte, in JSON. Only the length is
// checked. With "https://" before the address it is over TLS, and nothing but the heads of the
// answers is decrypted.
#include <latch>
#include <string>
#include <thread>
#include <vector>

#include "tests/bench/programs/http_client.h"
#include "tests/bench/programs/stopwatch.h"

namespace shale::bench {
namespace {

void download(HttpClient& client, const std::string& target, std::uint64_t size) {
  client.send_head("GET", target);
  const Head head = client.receive_head();
  if (head.status != 200 || head.content_length != size) {
    die("expected 200 and " + std::to_string(size) + " bytes, got " + head.line + " and " +
        std::to_string(head.content_length));
  }
  client.skip_body(head);
}

// One connection for all downloads, or with TLS one for each, all of them before the clock starts.
std::vector<HttpClient> connect(const std::string& address, std::uint64_t times) {
  std::vector<HttpClient> clients;
  clients.emplace_back(address);
  while (clients.front().socket().tls() != nullptr && clients.size() < times) {
    clients.emplace_back(address);
  }
  return clients;
}

int run(int argc, char** argv) {
  if (argc != 6) {
    die("download ADDRESS TARGET SIZE STREAMS TIMES");
  }
  const std::string address = argv[1];
  const std::string target = argv[2];
  const std::uint64_t size = number(argv[3]);
  const auto streams = number(argv[4]);
  const auto times = number(argv[5]);

  std::latch ready(static_cast<std::ptrdiff_t>(streams) + 1);
  std::vector<std::jthread> threads;
  threads.reserve(streams);
  for (std::uint64_t i = 0; i < streams; ++i) {
    threads.emplace_back([&] {
      std::vector<HttpClient> clients = connect(address, times);
      ready.arrive_and_wait();
      for (std::uint64_t time = 0; time < times; ++time) {
        download(clients[time % clients.size()], target, size);
      }
    });
  }
  ready.arrive_and_wait();
  const Stopwatch stopwatch;
  threads.clear();
  stopwatch.print("bytes", size * streams * times);
  return 0;
}

}  // namespace
}  // namespace shale::bench

int main(int argc, char** argv) {
  return shale::bench::run(argc, argv);
}

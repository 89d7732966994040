// Comes to a server over TLS again and again, each client on its own thread: connect, shake hands,
// ask one small thing, read the answer, take leave. Prints how many handshakes there were, in JSON.
// `full` shakes hands anew each time; with `resumed` the clock starts once every client has a
// ticket, and each connection resumes the session of the one before.
#include <atomic>
#include <chrono>
#include <latch>
#include <string>
#include <thread>
#include <vector>

#include "tests/bench/programs/http_client.h"
#include "tests/bench/programs/stopwatch.h"

namespace shale::bench {
namespace {

constexpr const char* kUsage = "handshakes ADDRESS TARGET full|resumed CLIENTS SECONDS";

enum class Kind : std::uint8_t { kFull, kResumed };

/// Returns what the next one can resume.
TlsSession come_and_go(const std::string& address, const std::string& target,
                       const TlsSession& session, Kind kind) {
  HttpClient client(address, Socket::connect(address, session.get()));
  const Tls* tls = client.socket().tls();
  if (tls == nullptr) {
    die("the address has to begin with https://");
  }
  client.expect(200, "HEAD", target);
  TlsSession next = kind == Kind::kResumed ? tls->session() : nullptr;
  tls->take_leave();
  return next;
}

int run(int argc, char** argv) {
  const std::string what = argc == 6 ? argv[3] : "";
  if (what != "full" && what != "resumed") {
    die(kUsage);
  }
  const std::string address = argv[1];
  const std::string target = argv[2];
  const Kind kind = what == "full" ? Kind::kFull : Kind::kResumed;
  const auto clients = number(argv[4]);

  std::latch ready(static_cast<std::ptrdiff_t>(clients) + 1);
  std::atomic<bool> over = false;
  std::atomic<std::uint64_t> handshakes = 0;
  std::vector<std::jthread> threads;
  threads.reserve(clients);
  for (std::uint64_t i = 0; i < clients; ++i) {
    threads.emplace_back([&] {
      TlsSession session = come_and_go(address, target, nullptr, kind);
      ready.arrive_and_wait();
      for (; !over; ++handshakes) {
        session = come_and_go(address, target, session, kind);
      }
    });
  }
  ready.arrive_and_wait();
  const Stopwatch stopwatch;
  std::this_thread::sleep_for(std::chrono::seconds(number(argv[5])));
  over = true;
  threads.clear();
  stopwatch.print("requests", handshakes);
  return 0;
}

}  // namespace
}  // namespace shale::bench

int main(int argc, char** argv) {
  return shale::bench::run(argc, argv);
}

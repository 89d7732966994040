// Asks for HEAD over keep-alive connections until the time is over, and prints how many answers
// came, in JSON. Stands in for wrk, which waits for the body that the answer to a HEAD announces
// and does not have.
#include <array>
#include <atomic>
#include <chrono>
#include <string>
#include <thread>
#include <vector>

#include <sys/epoll.h>

#include "tests/bench/programs/socket.h"
#include "tests/bench/programs/stopwatch.h"

namespace shale::bench {
namespace {

using SteadyClock = std::chrono::steady_clock;

struct Peer {
  Socket socket;
  std::string answer;
};

// True when the answer is whole. One request is under way at a time, so nothing may follow it.
bool is_whole(const std::string& answer) {
  if (!answer.ends_with("\r\n\r\n")) {
    return false;
  }
  if (!answer.starts_with("HTTP/1.1 200 ")) {
    die("not a 200: " + answer);
  }
  return true;
}

std::uint64_t ask(const std::string& address, const std::string& request, std::uint64_t connections,
                  SteadyClock::time_point end) {
  const int epoll = epoll_create1(EPOLL_CLOEXEC);
  std::vector<Peer> peers;
  peers.reserve(connections);
  for (std::uint64_t i = 0; i < connections; ++i) {
    peers.push_back({Socket::connect(address), {}});
    epoll_event event{.events = EPOLLIN, .data = {.ptr = &peers.back()}};
    epoll_ctl(epoll, EPOLL_CTL_ADD, peers.back().socket.fd(), &event);
    peers.back().socket.send(request);
  }
  std::uint64_t answers = 0;
  std::array<epoll_event, 64> events{};
  std::array<char, 4096> piece{};
  while (SteadyClock::now() < end) {
    const int ready = epoll_wait(epoll, events.data(), events.size(), 100);
    for (int i = 0; i < ready; ++i) {
      auto& peer = *static_cast<Peer*>(events[static_cast<std::size_t>(i)].data.ptr);
      const std::size_t received = peer.socket.receive(piece.data(), piece.size());
      if (received == 0) {
        die("the server closed a connection");
      }
      peer.answer.append(piece.data(), received);
      if (is_whole(peer.answer)) {
        peer.answer.clear();
        ++answers;
        peer.socket.send(request);
      }
    }
  }
  return answers;
}

int run(int argc, char** argv) {
  if (argc < 6) {
    die("heads ADDRESS TARGET THREADS CONNECTIONS SECONDS [FIELD...]");
  }
  const std::string address = argv[1];
  std::string request =
      std::string("HEAD ") + argv[2] + " HTTP/1.1\r\nHost: " + host_of(address) + "\r\n";
  for (int i = 6; i < argc; ++i) {
    request.append(argv[i]).append("\r\n");
  }
  request += "\r\n";
  const auto thread_count = number(argv[3]);
  const Stopwatch stopwatch;
  const auto end = SteadyClock::now() + std::chrono::seconds(number(argv[5]));
  std::atomic<std::uint64_t> answers = 0;
  std::vector<std::jthread> threads;
  threads.reserve(thread_count);
  for (std::uint64_t i = 0; i < thread_count; ++i) {
    threads.emplace_back(
        [&] { answers += ask(address, request, number(argv[4]) / thread_count, end); });
  }
  threads.clear();
  stopwatch.print("requests", answers);
  return 0;
}

}  // namespace
}  // namespace shale::bench

int main(int argc, char** argv) {
  return shale::bench::run(argc, argv);
}

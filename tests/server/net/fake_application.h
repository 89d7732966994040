#pragma once

#include <atomic>
#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "server/http/application.h"

namespace shale::testing {

/// Lets one thread hold up others until the test says go.
class Gate {
 public:
  void open();
  void wait();
  /// Until somebody waits at the gate.
  void await_visitor();

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool open_ = false;
  int waiting_ = 0;
};

/// An application whose paths do what a test needs:
///
/// - `/point` answers on the worker, `/pool` on the pool with the gathered body
///   (up to 1000 bytes), `/stream` with the number and a sum of the bytes streamed
/// - `/aside` is `/pool` on the threads that are kept for such
/// - `/admit` is `/pool` with a question before the body, `/admit-not` and
///   `/admit-throw` end there
/// - `/refuse` refuses a stream unread, `/refuse-late` after 1,000 bytes
/// - `/slow` and `/slow-stream` wait at `gate` on the pool
/// - `/hold` waits at `gate` on the worker; `/planned` answers there how many
///   requests have been planned, `/scheme` whether TLS is spoken, `/control` `/probe` whether it
///   came to an address for looking after the server, `/control` whether it came through the
///   control socket
/// - `/throw-dress` and `/throw-finished` throw in those calls, `/throw-refuse` in
///   the handler and then in `refuse`
/// - `/throw`, `/throw-pool`, `/throw-open`, `/throw-append` throw
/// - `/file` sends `file`; `/big` sends 8 MiB from memory
class FakeApplication final : public http::Application {
 public:
  http::Plan plan(const http::Request& request) override;
  http::Response refuse(const http::Request& request, http::Refusal refusal) override;
  void dress(const http::Request& request, http::Response& response) override;
  void finished(const http::Exchange& exchange) override;

  struct Finished {
    std::string path;
    int status;
    std::uint64_t bytes_in;
    std::uint64_t bytes_out;
    bool complete;
  };
  /// Waits until so many requests have ended.
  std::vector<Finished> await_finished(std::size_t count);

  Gate gate;
  http::FileSlice file;
  std::atomic<std::uint64_t> streamed = 0;  ///< bytes that reached a sink
  std::atomic<int> sinks_alive = 0;
  std::atomic<int> planned = 0;
  std::atomic<bool> refuses = true;  ///< false: `refuse` throws

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<Finished> finished_;
};

/// What `/stream` answers to this body.
std::string stream_answer(std::string_view body);

}  // namespace shale::testing

#pragma once

#include <chrono>
#include <functional>
#include <thread>

namespace shale::net {

/// Does something every `interval`, on a thread of its own, until it is destroyed;
/// that waits for what runs.
class Ticker {
 public:
  Ticker(std::chrono::milliseconds interval, std::function<void()> work);

 private:
  std::jthread thread_;
};

}  // namespace shale::net

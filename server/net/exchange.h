#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "server/http/application.h"
#include "server/net/memory_budget.h"

namespace shale::net {

/// One request from its head to the end of its answer. The worker and at most
/// one pool task use it; they hand over through the pool's queue and the worker's
/// inbox, so nothing here needs a lock. While a task runs, `sink` and `outcome`
/// are its own.
struct ActiveRequest {
  http::Request request;
  http::Plan plan;
  std::chrono::steady_clock::time_point started;
  std::uint64_t bytes_in = 0;
  MemoryBudget::Share memory;  ///< for the bodies of the request and of its answer
  std::size_t body_room = 0;   ///< of `memory`, what a gathered body has

  std::unique_ptr<http::BodySink> sink;   ///< set by a finished `open`
  std::optional<http::Response> outcome;  ///< set by a pool task that ends the request
};

// Pool tasks. None lets an exception out: it becomes the answer 500.

void run_respond(http::Application& application, ActiveRequest& active);
void run_open(http::Application& application, ActiveRequest& active);
/// Asks `OnPool::admit`; without an outcome, the body may come.
void run_admit(http::Application& application, ActiveRequest& active);
/// Hands `bytes` to the sink and, when they are the `last` ones, asks it to finish.
enum class Last : std::uint8_t { kNo, kYes };
void run_append(http::Application& application, ActiveRequest& active,
                std::span<const std::byte> bytes, Last last);

}  // namespace shale::net

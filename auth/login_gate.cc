#include "auth/login_gate.h"

#include <algorithm>
#include <utility>

namespace shale::auth {
namespace {

struct Share {
  std::size_t running = 0;
  std::size_t waiting = 0;
};

struct Queue {
  Share all;
  std::unordered_map<std::string, Share> of_address;
};

using Queues = std::array<Queue, 3>;

/// With so many places, at least one; those who run have them first.
LoginGate::Width narrowed(LoginGate::Width width, std::size_t places) {
  width.running = std::min(width.running, places);
  width.waiting = std::min(width.waiting, places - width.running);
  width.running_of_one = std::min(width.running_of_one, width.running);
  return width;
}

}  // namespace

LoginGate::Options LoginGate::Options::for_pool(std::size_t threads) const {
  const std::size_t half = threads / 2;
  return {.known = narrowed(known, half > 2 ? half - 1 : 1),
          .quiet = narrowed(quiet, half > 3 ? half - 2 : 1),
          .noisy = narrowed(noisy, 1)};
}

struct LoginGate::State {
  Guarded<Queues> queues;
  std::condition_variable left;
};

LoginGate::LoginGate(const Options& options)
    : widths_{options.known, options.quiet, options.noisy}, state_(std::make_unique<State>()) {}
LoginGate::~LoginGate() = default;

std::optional<LoginGate::Ticket> LoginGate::enter(Lane lane, const std::string& address) {
  const auto at = static_cast<std::size_t>(lane);
  const Width& width = widths_.at(at);
  auto queues = state_->queues.lock();
  Queue& queue = queues->at(at);
  // References into the map stay good while others come and go.
  Share& own = queue.of_address[address];
  const auto may_run = [&](const Queues&) {
    return queue.all.running < width.running && own.running < width.running_of_one;
  };
  if (!may_run(*queues)) {
    const bool room =
        queue.all.waiting < width.waiting && own.running + own.waiting < width.of_one_address;
    if (!room) {
      if (own.running + own.waiting == 0) queue.of_address.erase(address);
      return std::nullopt;
    }
    ++queue.all.waiting;
    ++own.waiting;
    queues.wait(state_->left, may_run);
    --queue.all.waiting;
    --own.waiting;
  }
  ++queue.all.running;
  ++own.running;
  return std::optional<Ticket>(std::in_place, *this, lane, address);
}

void LoginGate::leave(Lane lane, const std::string& address) noexcept {
  {
    const auto queues = state_->queues.lock();
    Queue& queue = (*queues)[static_cast<std::size_t>(lane)];
    --queue.all.running;
    const auto found = queue.of_address.find(address);
    if (found != queue.of_address.end()) {
      --found->second.running;
      if (found->second.running + found->second.waiting == 0) queue.of_address.erase(found);
    }
  }
  state_->left.notify_all();
}

}  // namespace shale::auth

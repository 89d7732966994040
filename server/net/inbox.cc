#include "server/net/inbox.h"

#include <cerrno>
#include <system_error>
#include <utility>

#include <sys/eventfd.h>

namespace shale::net {

Inbox::Inbox() : event_(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) {
  if (!event_) throw std::system_error(errno, std::generic_category(), "eventfd");
}

void Inbox::post(Message message) {
  bool first = false;
  {
    const std::scoped_lock lock(mutex_);
    first = messages_.empty();
    messages_.push_back(std::move(message));
  }
  if (first) wake();
}

void Inbox::wake() noexcept {
  // Fails only when the counter is full, and then the worker is awake anyway.
  static_cast<void>(::eventfd_write(event_.get(), 1));
}

std::vector<Message> Inbox::take() {
  ::eventfd_t count = 0;
  static_cast<void>(::eventfd_read(event_.get(), &count));
  const std::scoped_lock lock(mutex_);
  return std::exchange(messages_, {});
}

}  // namespace shale::net

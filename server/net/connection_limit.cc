#include "server/net/connection_limit.h"

#include <utility>

namespace shale::net {

ConnectionLimit::Slot::Slot(Slot&& other) noexcept
    : limit_(std::exchange(other.limit_, nullptr)), address_(std::move(other.address_)) {}

ConnectionLimit::Slot::~Slot() {
  if (limit_ != nullptr) limit_->release(address_);
}

std::optional<ConnectionLimit::Slot> ConnectionLimit::acquire(const std::string& address) {
  const std::scoped_lock lock(mutex_);
  if (open_ >= total_) return std::nullopt;
  const bool counts = per_address_ > 0 && !address.empty();
  if (counts) {
    std::size_t& count = by_address_[address];
    if (count >= per_address_) return std::nullopt;
    ++count;
  }
  ++open_;
  return Slot(*this, counts ? address : std::string());
}

void ConnectionLimit::adjust(std::size_t total, std::size_t per_address) {
  const std::scoped_lock lock(mutex_);
  total_ = total;
  per_address_ = per_address;
}

std::size_t ConnectionLimit::open() const {
  const std::scoped_lock lock(mutex_);
  return open_;
}

void ConnectionLimit::release(const std::string& address) noexcept {
  const std::scoped_lock lock(mutex_);
  --open_;
  const auto found = by_address_.find(address);
  if (found != by_address_.end() && --found->second == 0) by_address_.erase(found);
}

}  // namespace shale::net

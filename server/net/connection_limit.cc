#include "server/net/connection_limit.h"

#include <numeric>
#include <utility>

namespace shale::net {

ConnectionLimit::Slot::Slot(Slot&& other) noexcept
    : limit_(std::exchange(other.limit_, nullptr)),
      door_(other.door_),
      address_(std::move(other.address_)) {}

ConnectionLimit::Slot::~Slot() {
  if (limit_ != nullptr) limit_->release(door_, address_);
}

std::optional<ConnectionLimit::Slot> ConnectionLimit::acquire(const std::string& address,
                                                              Door door) {
  const std::scoped_lock lock(mutex_);
  std::size_t& open = open_.at(static_cast<std::size_t>(door));
  if (open >= (door == Door::kClients ? total_ : kOwnPlaces)) return std::nullopt;
  const bool counts = door == Door::kClients && per_address_ > 0 && !address.empty();
  if (counts) {
    std::size_t& count = by_address_[address];
    if (count >= per_address_) return std::nullopt;
    ++count;
  }
  ++open;
  return Slot(*this, door, counts ? address : std::string());
}

void ConnectionLimit::adjust(std::size_t total, std::size_t per_address) {
  const std::scoped_lock lock(mutex_);
  total_ = total;
  per_address_ = per_address;
}

std::size_t ConnectionLimit::open() const {
  const std::scoped_lock lock(mutex_);
  return std::reduce(open_.begin(), open_.end());
}

void ConnectionLimit::release(Door door, const std::string& address) noexcept {
  const std::scoped_lock lock(mutex_);
  --open_[static_cast<std::size_t>(door)];
  const auto found = by_address_.find(address);
  if (found != by_address_.end() && --found->second == 0) by_address_.erase(found);
}

}  // namespace shale::net

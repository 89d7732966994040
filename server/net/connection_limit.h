#pragma once

#include <cstddef>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>

namespace shale::net {

/// Counts open connections, in all and for each address. Thread-safe.
class ConnectionLimit {
 public:
  /// One counted connection; counts itself out when destroyed. Must not outlive
  /// the limit.
  class Slot {
   public:
    Slot(Slot&& other) noexcept;
    Slot& operator=(Slot&&) = delete;
    ~Slot();

   private:
    friend class ConnectionLimit;
    Slot(ConnectionLimit& limit, std::string address)
        : limit_(&limit), address_(std::move(address)) {}

    ConnectionLimit* limit_;
    std::string address_;
  };

  /// `per_address` 0 means no limit for one address. Unix sockets, whose address
  /// is empty, count only in all.
  ConnectionLimit(std::size_t total, std::size_t per_address)
      : total_(total), per_address_(per_address) {}

  /// None when a limit is reached.
  std::optional<Slot> acquire(const std::string& address);
  std::size_t open() const;
  /// Other limits from now on; who is connected stays.
  void adjust(std::size_t total, std::size_t per_address);

 private:
  void release(const std::string& address) noexcept;

  mutable std::mutex mutex_;
  std::size_t total_;
  std::size_t per_address_;
  std::size_t open_ = 0;
  std::unordered_map<std::string, std::size_t> by_address_;
};

}  // namespace shale::net

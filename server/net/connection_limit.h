#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>

namespace shale::net {

/// By which door a connection comes.
enum class Door : std::uint8_t { kClients, kMetrics, kControl };

/// Counts open connections, in all and for each address. Clients that use up what there is must
/// not keep out who looks after the server, so the other doors have places of their own.
/// Thread-safe.
class ConnectionLimit {
 public:
  /// Of each of the doors that are not for clients.
  static constexpr std::size_t kOwnPlaces = 32;

  /// One counted connection; counts itself out when destroyed. Must not outlive
  /// the limit.
  class Slot {
   public:
    Slot(Slot&& other) noexcept;
    Slot& operator=(Slot&&) = delete;
    ~Slot();

   private:
    friend class ConnectionLimit;
    Slot(ConnectionLimit& limit, Door door, std::string address)
        : limit_(&limit), door_(door), address_(std::move(address)) {}

    ConnectionLimit* limit_;
    Door door_;
    std::string address_;
  };

  /// Both of clients. `per_address` 0 means no limit for one address. Unix sockets, whose
  /// address is empty, count only in all.
  ConnectionLimit(std::size_t total, std::size_t per_address)
      : total_(total), per_address_(per_address) {}

  /// None when a limit is reached.
  std::optional<Slot> acquire(const std::string& address, Door door = Door::kClients);
  /// By all doors.
  std::size_t open() const;
  /// Other limits from now on; who is connected stays.
  void adjust(std::size_t total, std::size_t per_address);

 private:
  void release(Door door, const std::string& address) noexcept;

  mutable std::mutex mutex_;
  std::size_t total_;
  std::size_t per_address_;
  std::array<std::size_t, 3> open_{};  ///< by door
  std::unordered_map<std::string, std::size_t> by_address_;
};

}  // namespace shale::net

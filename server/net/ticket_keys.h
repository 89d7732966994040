#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <functional>
#include <mutex>
#include <span>

struct evp_cipher_ctx_st;  // OpenSSL's EVP_CIPHER_CTX
struct evp_mac_ctx_st;     // OpenSSL's EVP_MAC_CTX

namespace shale::net {

/// The keys that session tickets are sealed with. Each seals for `kTurn` and opens for
/// as long again; then it is forgotten, and with it what was said in sessions that its
/// tickets resume. Thread-safe.
class TicketKeys {
 public:
  using Now = std::function<std::chrono::steady_clock::time_point()>;
  static constexpr std::chrono::hours kTurn{2};

  /// Throws `std::runtime_error` when there is no randomness.
  explicit TicketKeys(Now now = std::chrono::steady_clock::now);
  ~TicketKeys();
  TicketKeys(const TicketKeys&) = delete;
  TicketKeys& operator=(const TicketKeys&) = delete;

  static constexpr std::size_t kNameSize = 16;
  static constexpr std::size_t kIvSize = 16;

  /// Readies the two for a new ticket, and chooses the name of its key and its vector.
  bool seal(std::span<unsigned char, kNameSize> name, std::span<unsigned char, kIvSize> iv,
            evp_cipher_ctx_st& cipher, evp_mac_ctx_st& mac);

  enum class Opened : std::uint8_t {
    kNo,     ///< nobody knows this key, or not any more
    kYes,    ///< the two are ready
    kAgain,  ///< the same, and the client should get a new ticket
  };
  Opened open(std::span<const unsigned char, kNameSize> name,
              std::span<const unsigned char, kIvSize> iv, evp_cipher_ctx_st& cipher,
              evp_mac_ctx_st& mac);

 private:
  struct Key {
    std::array<unsigned char, kNameSize> name{};
    std::array<unsigned char, 32> cipher{};
    std::array<unsigned char, 32> mac{};
  };

  static Key fresh_key();
  static bool ready_mac(const Key& key, evp_mac_ctx_st& mac);
  void take_turns();

  const Now now_;
  std::mutex mutex_;
  std::chrono::steady_clock::time_point since_;  ///< the first of the two seals
  std::array<Key, 2> keys_;                      ///< the one that seals, and the one before
};

}  // namespace shale::net

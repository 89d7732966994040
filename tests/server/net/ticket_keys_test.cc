#include "server/net/ticket_keys.h"

#include <array>
#include <chrono>
#include <memory>

#include <doctest/doctest.h>
#include <openssl/evp.h>

namespace shale::testing {
namespace {

using net::TicketKeys;

struct Free {
  void operator()(EVP_CIPHER_CTX* context) const { EVP_CIPHER_CTX_free(context); }
  void operator()(EVP_MAC_CTX* context) const { EVP_MAC_CTX_free(context); }
  void operator()(EVP_MAC* mac) const { EVP_MAC_free(mac); }
};

struct Clock {
  std::chrono::steady_clock::time_point now;
};

/// What is known of a ticket from outside, and the way back in.
struct Ticket {
  std::array<unsigned char, TicketKeys::kNameSize> name{};
  std::array<unsigned char, TicketKeys::kIvSize> iv{};
  std::unique_ptr<EVP_CIPHER_CTX, Free> cipher{EVP_CIPHER_CTX_new()};
  std::unique_ptr<EVP_MAC, Free> hmac{EVP_MAC_fetch(nullptr, "HMAC", nullptr)};
  std::unique_ptr<EVP_MAC_CTX, Free> mac{EVP_MAC_CTX_new(hmac.get())};

  explicit Ticket(TicketKeys& keys) { REQUIRE(keys.seal(name, iv, *cipher, *mac)); }
  TicketKeys::Opened open(TicketKeys& keys) { return keys.open(name, iv, *cipher, *mac); }
};

struct Keys {
  Clock clock;
  TicketKeys keys{[this] { return clock.now; }};
};

TEST_CASE("TicketKeys: a ticket opens, and opens what it sealed") {
  Keys world;
  Ticket ticket(world.keys);
  const std::array<unsigned char, 16> secret{1, 2, 3};
  std::array<unsigned char, 32> sealed{};
  int size = 0;
  REQUIRE(EVP_EncryptUpdate(ticket.cipher.get(), sealed.data(), &size, secret.data(), 16) == 1);
  REQUIRE(ticket.open(world.keys) == TicketKeys::Opened::kYes);
  EVP_CIPHER_CTX_set_padding(ticket.cipher.get(), 0);
  std::array<unsigned char, 32> opened{};
  REQUIRE(EVP_DecryptUpdate(ticket.cipher.get(), opened.data(), &size, sealed.data(), 16) == 1);
  REQUIRE(size == 16);
  CHECK(std::equal(secret.begin(), secret.end(), opened.begin()));
}

TEST_CASE("TicketKeys: a key opens for a turn after it sealed, and asks for a new ticket then") {
  Keys world;
  Ticket ticket(world.keys);
  world.clock.now += TicketKeys::kTurn - std::chrono::seconds{1};
  CHECK(ticket.open(world.keys) == TicketKeys::Opened::kYes);
  world.clock.now += std::chrono::seconds{1};
  CHECK(ticket.open(world.keys) == TicketKeys::Opened::kAgain);
  Ticket later(world.keys);
  CHECK(later.name != ticket.name);
  world.clock.now += TicketKeys::kTurn;
  CHECK(ticket.open(world.keys) == TicketKeys::Opened::kNo);
  CHECK(later.open(world.keys) == TicketKeys::Opened::kAgain);
}

TEST_CASE("TicketKeys: after a long silence no old key opens anything") {
  Keys world;
  Ticket ticket(world.keys);
  world.clock.now += 10 * TicketKeys::kTurn;
  CHECK(ticket.open(world.keys) == TicketKeys::Opened::kNo);
}

TEST_CASE("TicketKeys: nobody else's tickets open, and no two have the same vector") {
  Keys one;
  Keys other;
  Ticket ticket(one.keys);
  CHECK(ticket.open(other.keys) == TicketKeys::Opened::kNo);
  CHECK(Ticket(one.keys).iv != ticket.iv);
}

}  // namespace
}  // namespace shale::testing

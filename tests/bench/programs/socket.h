#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "tests/bench/programs/tls.h"

namespace shale::bench {

/// Ends the program with a message: a measurement that met an error is none.
[[noreturn]] void die(std::string_view what);
/// The same, with what `errno` says.
[[noreturn]] void die_of_errno(std::string_view what);

/// A number of the command line.
std::uint64_t number(const char* text);

/// "127.0.0.1:5000", with or without "https://" before it, as a Host field has it.
std::string host_of(const std::string& address);

/// A blocking TCP socket on an IPv4 address, with TLS inside where that is asked for; any failure
/// but the peer's closing ends the program.
class Socket {
 public:
  explicit Socket(int fd);
  /// Connects to "127.0.0.1:5000", or to "https://127.0.0.1:5000" with TLS, resuming `session` if
  /// there is one.
  static Socket connect(const std::string& address, ssl_session_st* session = nullptr);
  /// Binds and listens; connections are taken with `accept`.
  static Socket listen(const std::string& address);

  Socket(Socket&& other) noexcept;
  Socket(const Socket&) = delete;
  Socket& operator=(const Socket&) = delete;
  Socket& operator=(Socket&&) = delete;
  ~Socket();

  int fd() const { return fd_; }
  /// None in the clear.
  const Tls* tls() const { return tls_.get(); }
  Socket accept() const;
  void send(std::string_view bytes) const;
  /// Sends bytes of a file without copying them through this program; in the clear only.
  void send_file(int file, std::uint64_t offset, std::uint64_t length) const;
  /// At most `size` bytes; 0 when the peer closed.
  std::size_t receive(char* buffer, std::size_t size) const;
  /// Throws away what has come, at most `size` bytes, without copying it out of the kernel. With
  /// TLS it is one record, undecrypted (`Tls::discard`), which may hold more than `size`.
  std::size_t discard(std::size_t size) const;

 private:
  int fd_;
  std::unique_ptr<Tls> tls_;
};

}  // namespace shale::bench

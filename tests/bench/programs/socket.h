#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace shale::bench {

/// Ends the program with a message: a measurement that met an error is none.
[[noreturn]] void die(std::string_view what);
/// The same, with what `errno` says.
[[noreturn]] void die_of_errno(std::string_view what);

/// A number of the command line.
std::uint64_t number(const char* text);

/// A blocking TCP socket on an IPv4 address; any failure but the peer's closing ends the program.
class Socket {
 public:
  explicit Socket(int fd);
  /// Connects to "127.0.0.1:5000".
  static Socket connect(const std::string& address);
  /// Binds and listens; connections are taken with `accept`.
  static Socket listen(const std::string& address);

  Socket(Socket&& other) noexcept;
  Socket(const Socket&) = delete;
  Socket& operator=(const Socket&) = delete;
  Socket& operator=(Socket&&) = delete;
  ~Socket();

  int fd() const { return fd_; }
  Socket accept() const;
  void send(std::string_view bytes) const;
  /// Sends bytes of a file without copying them through this program.
  void send_file(int file, std::uint64_t offset, std::uint64_t length) const;
  /// At most `size` bytes; 0 when the peer closed.
  std::size_t receive(char* buffer, std::size_t size) const;
  /// Throws away what has come, at most `size` bytes, without copying it out of the kernel.
  std::size_t discard(std::size_t size) const;

 private:
  int fd_;
};

}  // namespace shale::bench

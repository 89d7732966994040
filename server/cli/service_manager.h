#pragma once

#include <chrono>
#include <string>
#include <string_view>

namespace shale::cli {

/// Tells the service manager what the server is doing: systemd, with Type=notify, gives each
/// service a socket for that. Without one, and when it cannot be reached, nothing is told.
class ServiceManager {
 public:
  /// The value of NOTIFY_SOCKET: a path, or `@` and an abstract name. Null or empty for none.
  explicit ServiceManager(const char* socket);

  void ready() const;
  /// Until `ready` is called again.
  void reloading() const;
  /// It will have ended after `within`, which may be longer than the manager would wait.
  void stopping(std::chrono::milliseconds within) const;

 private:
  void tell(std::string_view state) const;

  std::string socket_;
};

}  // namespace shale::cli

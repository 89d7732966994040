#include "server/cli/service_manager.h"

#include <array>
#include <cstddef>
#include <cstring>
#include <string>

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <doctest/doctest.h>

#include "tests/support/temporary_directory.h"

namespace shale::cli {
namespace {

using namespace std::chrono_literals;

/// The end of the socket on which systemd listens.
class Listener {
 public:
  /// `name` as in NOTIFY_SOCKET.
  explicit Listener(const std::string& name)
      : descriptor_(::socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)) {
    ::sockaddr_un address{};
    address.sun_family = AF_UNIX;
    REQUIRE(name.size() < sizeof(address.sun_path));
    std::memcpy(address.sun_path, name.data(), name.size());
    if (name.front() == '@') address.sun_path[0] = '\0';
    const auto length = static_cast<::socklen_t>(offsetof(::sockaddr_un, sun_path) + name.size());
    REQUIRE(::bind(descriptor_, reinterpret_cast<const ::sockaddr*>(&address), length) == 0);
  }
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;
  ~Listener() { ::close(descriptor_); }

  /// What was told next; empty when nothing was.
  std::string heard() const {
    std::array<char, 256> bytes{};
    const auto count = ::recv(descriptor_, bytes.data(), bytes.size(), 0);
    return {bytes.data(), count > 0 ? static_cast<std::size_t>(count) : 0};
  }

 private:
  int descriptor_;
};

TEST_CASE("ServiceManager: is told in the words of systemd, at a path and at an abstract name") {
  const testing::TemporaryDirectory directory;
  const std::string abstract = '@' + directory.path().string();
  for (const std::string& name : {(directory.path() / "notify").string(), abstract}) {
    CAPTURE(name);
    const Listener listener(name);
    const ServiceManager manager(name.c_str());
    manager.ready();
    CHECK(listener.heard() == "READY=1");
    manager.reloading();
    CHECK(listener.heard().starts_with("RELOADING=1\nMONOTONIC_USEC="));
    manager.stopping(80s);
    CHECK(listener.heard() == "STOPPING=1\nEXTEND_TIMEOUT_USEC=80000000");
    CHECK(listener.heard().empty());
  }
}

TEST_CASE("ServiceManager: nobody who listens is no trouble") {
  const std::string long_name = "/run/" + std::string(200, 'x');
  for (const char* name :
       {static_cast<const char*>(nullptr), "", "/none/notify", "@none", long_name.c_str()}) {
    const ServiceManager manager(name);
    manager.ready();
    manager.stopping(1s);
  }
}

TEST_CASE("ServiceManager: one that does not read holds nobody up") {
  const testing::TemporaryDirectory directory;
  const std::string name = (directory.path() / "notify").string();
  const Listener listener(name);
  const ServiceManager manager(name.c_str());
  for (int told = 0; told < 10000; ++told)
    manager.ready();
  CHECK(listener.heard() == "READY=1");
}

}  // namespace
}  // namespace shale::cli

#include "server/cli/exposure.h"

#include <filesystem>
#include <fstream>
#include <string>

#include <doctest/doctest.h>

#include "tests/support/temporary_directory.h"

namespace shale::cli {
namespace {

config::Config listening_on(std::initializer_list<config::ListenAddress> addresses) {
  config::Config config;
  config.server.listen = addresses;
  config.auth.htpasswd = "/nowhere/users";
  return config;
}

TEST_CASE("exposures: passwords over plain HTTP beyond this machine, told once with the address") {
  const config::ListenAddress plain{.host = "", .port = 5000, .path = "", .tls = false};
  const config::ListenAddress other{.host = "192.0.2.1", .port = 5000, .path = "", .tls = false};
  const config::ListenAddress local{.host = "127.0.0.1", .port = 5000, .path = "", .tls = false};
  const config::ListenAddress secure{.host = "", .port = 5443, .path = "", .tls = true};
  const config::ListenAddress socket{.host = "", .port = 0, .path = "/run/shale", .tls = false};

  const auto found = exposures(listening_on({local, other, plain}));
  REQUIRE(found.size() == 1);
  CHECK(found[0].starts_with("server.listen: 192.0.2.1:5000 can be reached"));
  CHECK(exposures(listening_on({local, secure, socket})).empty());

  config::Config open = listening_on({plain});
  open.auth.htpasswd.clear();
  CHECK(exposures(open).empty());
}

TEST_CASE("exposures: a file of users that everybody may read or write") {
  const testing::TemporaryDirectory directory;
  config::Config config = listening_on({{.host = "::1", .port = 1, .path = "", .tls = false}});
  config.auth.htpasswd = (directory / "users").string();
  std::ofstream(config.auth.htpasswd) << "alice:x\n";
  const auto with_mode = [&](unsigned mode) {
    std::filesystem::permissions(config.auth.htpasswd, static_cast<std::filesystem::perms>(mode));
    return exposures(config);
  };
  CHECK(with_mode(0600).empty());
  CHECK(with_mode(0660).empty());
  REQUIRE(with_mode(0644).size() == 1);
  CHECK(with_mode(0644)[0].find("users can be read by every user") != std::string::npos);
  REQUIRE(with_mode(0602).size() == 1);
  CHECK(with_mode(0602)[0].find("users can be written by every user") != std::string::npos);
  CHECK(with_mode(0666).size() == 1);
}

}  // namespace
}  // namespace shale::cli

#include "auth/robot_secret.h"

#include <set>
#include <string>

#include <doctest/doctest.h>

namespace shale::auth {
namespace {

TEST_CASE("RobotSecret: each is another one, and has a form that scanners find") {
  std::set<std::string> seen;
  for (int i = 0; i < 200; ++i) {
    const std::string secret = make_robot_secret();
    CHECK(secret.size() == 52);
    CHECK(secret.starts_with("shale_"));
    CHECK(is_robot_secret(secret));
    seen.insert(secret);
  }
  CHECK(seen.size() == 200);
}

TEST_CASE("RobotSecret: one that was cut, extended or mistyped is none") {
  const std::string secret = make_robot_secret();
  CHECK_FALSE(is_robot_secret(""));
  CHECK_FALSE(is_robot_secret(secret.substr(1)));
  CHECK_FALSE(is_robot_secret(secret + "a"));
  for (std::size_t i = 0; i < secret.size(); ++i) {
    std::string mistyped = secret;
    mistyped[i] = mistyped[i] == 'x' ? 'y' : 'x';
    CHECK_FALSE(is_robot_secret(mistyped));
  }
}

TEST_CASE("RobotSecret: what is kept of one is its SHA-256") {
  CHECK(hash_robot_secret("abc") ==
        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

}  // namespace
}  // namespace shale::auth

#include "auth/decoys.h"

#include <map>
#include <string>

#include <doctest/doctest.h>

#include "auth/password_hash.h"
#include "tests/auth/hashes.h"

namespace shale::auth {
namespace {

using std::string;

Htpasswd with_users(int cheap, int dear) {
  Htpasswd users;
  for (int i = 0; i < cheap; ++i)
    users.users.emplace("cheap" + std::to_string(i), kBcryptY);
  for (int i = 0; i < dear; ++i)
    users.users.emplace("dear" + std::to_string(i), kSha512);
  return users;
}

TEST_CASE("Decoys: unknown names are spread over all hashes, as the users are") {
  const KeyedHash key;
  const Decoys decoys(with_users(100, 100), key);
  std::map<string, int> count;
  for (int i = 0; i < 2000; ++i)
    ++count[decoys.of("nobody" + std::to_string(i))];
  CHECK(count.size() == 2);
  CHECK(count[kBcryptY] > 500);
  CHECK(count[kSha512] > 500);
}

TEST_CASE("Decoys: a name has the same hash again, also when the users change a little") {
  const KeyedHash key;
  const Decoys before(with_users(100, 100), key);
  const Decoys after(with_users(101, 100), key);
  int changed = 0;
  for (int i = 0; i < 1000; ++i) {
    const string name = "nobody" + std::to_string(i);
    CHECK(before.of(name) == before.of(name));
    changed += before.of(name) == after.of(name) ? 0 : 1;
  }
  CHECK(changed < 200);
}

TEST_CASE("Decoys: without users there is a whole hash of no common password") {
  const KeyedHash key;
  const Decoys decoys({}, key);
  CHECK(is_password_hash(decoys.of("alice")));
  CHECK_FALSE(password_matches(decoys.of("alice"), "secret"));
}

}  // namespace
}  // namespace shale::auth

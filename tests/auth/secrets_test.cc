#include "auth/secrets.h"

#include <string>

#include <doctest/doctest.h>

namespace shale::auth {
namespace {

TEST_CASE("a keyed hash is the same for the same texts, and no other key makes it") {
  const KeyedHash hash;
  const KeyedHash other;
  const std::string token(700, 't');
  CHECK(hash.of({token}) == hash.of({token}));
  CHECK(hash.of({token}) != other.of({token}));
  CHECK(hash.of({"alice", "secret"}) == hash.of({"alice", "secret"}));
}

TEST_CASE("a keyed hash tells texts apart that read the same in a row") {
  const KeyedHash hash;
  CHECK(hash.of({"ab", "c"}) != hash.of({"a", "bc"}));
  CHECK(hash.of({"abc"}) != hash.of({"abc", ""}));
  CHECK(hash.of({"", "abc"}) != hash.of({"abc", ""}));
  CHECK(hash.of({}) != hash.of({""}));
}

TEST_CASE("a keyed hash depends on every byte, at whatever length") {
  const KeyedHash hash;
  for (const std::size_t size : {1U, 55U, 56U, 63U, 64U, 65U, 700U}) {
    const std::string text(size, 'x');
    for (const std::size_t at : {std::size_t{0}, size / 2, size - 1}) {
      std::string changed = text;
      changed[at] = 'y';
      CHECK(hash.of({text}) != hash.of({changed}));
    }
  }
}

}  // namespace
}  // namespace shale::auth

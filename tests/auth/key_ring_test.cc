#include "auth/key_ring.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <functional>

#include <sys/stat.h>

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include "auth/files.h"
#include "auth/token.h"
#include "tests/support/temporary_directory.h"

namespace shale::auth {
namespace {

using namespace std::chrono_literals;
using Json = nlohmann::json;
using std::string;
namespace fs = std::filesystem;

constexpr Time kNow{std::chrono::seconds(1'700'000'000)};
constexpr auto kDay = 24h;

/// A ring in a directory of its own.
struct Rings {
  testing::TemporaryDirectory directory;
  std::vector<string> told;

  std::variant<std::shared_ptr<KeyRing>, string> open(Time now = kNow) {
    return KeyRing::open(
        directory.path(), {}, [this](const string& what) { told.push_back(what); }, now);
  }
  std::shared_ptr<KeyRing> opened(Time now = kNow) {
    auto ring = open(now);
    REQUIRE(std::holds_alternative<std::shared_ptr<KeyRing>>(ring));
    return std::get<std::shared_ptr<KeyRing>>(ring);
  }
  string fault(Time now = kNow) {
    auto ring = open(now);
    REQUIRE(std::holds_alternative<string>(ring));
    return std::get<string>(ring);
  }
  std::vector<fs::path> files() const {
    std::vector<fs::path> all;
    for (const auto& entry : fs::directory_iterator(directory / "token-keys"))
      all.push_back(entry.path());
    std::ranges::sort(all);
    return all;
  }
};

std::size_t published(const KeyRing& ring) {
  return Json::parse(ring.jwks())["keys"].size();
}

bool contains(const string& text, std::string_view part) {
  return text.find(part) != string::npos;
}

TEST_CASE("KeyRing: the first key signs at once, is for its owner alone, and stays") {
  Rings rings;
  const string id = rings.opened()->signing(kNow)->id();
  REQUIRE(rings.files().size() == 1);
  const auto permissions = fs::status(rings.files()[0]).permissions();
  CHECK(permissions == (fs::perms::owner_read | fs::perms::owner_write));
  const auto again = rings.opened(kNow + kDay);
  CHECK(again->signing(kNow + kDay)->id() == id);
  again->refresh(kNow + kDay);
  CHECK(published(*again) == 1);
  CHECK(rings.told.empty());
}

TEST_CASE("KeyRing: an old key is followed by one that is published before it signs") {
  Rings rings;
  const auto ring = rings.opened();
  const string first = ring->signing(kNow)->id();
  ring->refresh(kNow + 30 * kDay - 1s);
  CHECK(published(*ring) == 1);
  const Time made = kNow + 30 * kDay;
  ring->refresh(made);
  CHECK(published(*ring) == 2);
  CHECK(ring->signing(made + 10min - 1s)->id() == first);
  const string second = ring->signing(made + 10min)->id();
  CHECK(second != first);
  CHECK(ring->find(first) != nullptr);
  ring->refresh(made + 20min);
  CHECK(published(*ring) == 2);
  // And so after a restart.
  const auto again = rings.opened(made + 20min);
  CHECK(again->signing(made + 10min - 1s)->id() == first);
  CHECK(again->signing(made + 10min)->id() == second);
}

TEST_CASE("KeyRing: a key goes when all that it can have signed has expired") {
  Rings rings;
  const auto ring = rings.opened();
  const string first = ring->signing(kNow)->id();
  const Time made = kNow + 30 * kDay;
  ring->refresh(made);
  const Time last = made + 10min + 30 * kDay + 30s;
  ring->refresh(last - 1s);
  CHECK(ring->find(first) != nullptr);
  ring->refresh(last);
  CHECK(ring->find(first) == nullptr);
  CHECK(ring->signing(last) != nullptr);
  CHECK(rings.opened(last)->find(first) == nullptr);
  CHECK_FALSE(contains(ring->jwks(), first));
}

TEST_CASE("KeyRing: tokens of the key before hold until they expire") {
  Rings rings;
  const auto ring = rings.opened();
  const TokenFormat format(ring, {});
  const auto token = [&](Time now, TokenUse use, std::chrono::seconds life) {
    return format.write({.use = use,
                         .identity = {.kind = Identity::Kind::kUser, .name = "alice", .groups = {}},
                         .access = {},
                         .issued = now,
                         .expires = now + life});
  };
  const Time last = kNow + 30 * kDay + 10min - 1s;
  ring->refresh(kNow + 30 * kDay);
  const string refresh = token(last, TokenUse::kRefresh, 30 * kDay);
  for (Time now = last; now < last + 30 * kDay; now += kDay) {
    ring->refresh(now);
    CHECK(std::holds_alternative<TokenClaims>(format.read(refresh, TokenUse::kRefresh, now)));
  }
  const Time end = last + 30 * kDay + 29s;
  ring->refresh(end);
  CHECK(std::holds_alternative<TokenClaims>(format.read(refresh, TokenUse::kRefresh, end)));
}

TEST_CASE("KeyRing: years of rotation keep few keys, each with a file") {
  Rings rings;
  const auto ring = rings.opened();
  for (Time now = kNow; now < kNow + 3 * 365 * kDay; now += 6h) {
    ring->refresh(now);
    REQUIRE(published(*ring) <= 3);
  }
  CHECK(rings.files().size() == published(*ring));
  CHECK(rings.told.empty());
}

TEST_CASE("KeyRing: the key of an earlier version is taken over with its age") {
  Rings rings;
  const SigningKey earlier = SigningKey::make();
  const string path = (rings.directory / "token-key.pem").string();
  REQUIRE_FALSE(write_private_file(path, earlier.pem()));
  SUBCASE("and signs on") {
    const auto ring = rings.opened(kNow);
    CHECK(ring->signing(kNow)->id() == earlier.id());
    CHECK(published(*ring) == 1);
    CHECK_FALSE(fs::exists(path));
    CHECK(rings.opened(kNow)->signing(kNow)->id() == earlier.id());
  }
  SUBCASE("and is followed when it is old") {
    const Time later{std::chrono::floor<std::chrono::milliseconds>(
        std::chrono::system_clock::now() + 31 * kDay)};
    const auto ring = rings.opened(later);
    ring->refresh(later);
    CHECK(published(*ring) == 2);
    CHECK(ring->signing(later)->id() == earlier.id());
  }
  SUBCASE("unless it is a link, open to others or no key, which is said") {
    REQUIRE(::chmod(path.c_str(), 0640) == 0);
    CHECK(contains(rings.fault(), path + " is open to others than its owner (mode 640)"));
    std::ofstream(path) << "no key";
    REQUIRE(::chmod(path.c_str(), 0600) == 0);
    CHECK(contains(rings.fault(), path + " is not a P-256 key in PEM"));
    fs::rename(path, path + ".real");
    fs::create_symlink(path + ".real", path);
    CHECK(contains(rings.fault(), path + " is a link"));
  }
}

TEST_CASE("KeyRing: a file that is no good key is named, and the others serve") {
  const std::vector<std::function<void(const fs::path&)>> spoilers = {
      [](const fs::path& file) { std::ofstream(file) << "-----BEGIN PRIVATE KEY-----\ncut"; },
      [](const fs::path& file) { fs::resize_file(file, 0); },
      [](const fs::path& file) { REQUIRE(::chmod(file.c_str(), 0604) == 0); },
      [](const fs::path& file) {
        fs::rename(file, file.parent_path().parent_path() / "elsewhere.pem");
        fs::create_symlink("../elsewhere.pem", file);
      },
      [](const fs::path& file) {
        fs::remove(file);
        fs::create_directory(file);
      },
  };
  for (const auto& spoil : spoilers) {
    Rings rings;
    const auto ring = rings.opened();
    ring->refresh(kNow + 30 * kDay);
    const auto files = rings.files();
    REQUIRE(files.size() == 2);
    const string id = ring->signing(kNow)->id();
    spoil(files[1]);
    const auto again = rings.opened(kNow + 30 * kDay);
    CHECK(published(*again) == 1);
    CHECK(again->signing(kNow + 31 * kDay)->id() == id);
    REQUIRE(rings.told.size() == 1);
    CHECK(contains(rings.told[0], files[1].string()));
    // Without a good one, nothing starts.
    fs::remove(files[0]);
    CHECK(contains(rings.fault(), files[1].string()));
  }
}

TEST_CASE("KeyRing: a write that was cut off leaves the ring as it was") {
  Rings rings;
  const string id = rings.opened()->signing(kNow)->id();
  const string cut = rings.files()[0].string() + ".new";
  std::ofstream(cut) << "-----BEGIN";
  CHECK(rings.opened()->signing(kNow)->id() == id);
  CHECK_FALSE(fs::exists(cut));
  CHECK(rings.told.empty());
  std::ofstream(rings.directory / "token-keys" / "notes.txt") << "x";
  CHECK(rings.opened()->signing(kNow)->id() == id);
  REQUIRE(rings.told.size() == 1);
  CHECK(contains(rings.told[0], "notes.txt"));
}

TEST_CASE("KeyRing: what cannot be written is said once, and the key before signs on") {
  Rings rings;
  const auto ring = rings.opened();
  const string id = ring->signing(kNow)->id();
  const fs::path place = rings.directory / "token-keys";
  fs::rename(place, rings.directory / "away");
  const Time due = kNow + 30 * kDay;
  ring->refresh(due);
  ring->refresh(due + 1s);
  REQUIRE(rings.told.size() == 1);
  CHECK(contains(rings.told[0], "cannot write"));
  CHECK(ring->signing(due + kDay)->id() == id);
  fs::rename(rings.directory / "away", place);
  ring->refresh(due + 2s);
  CHECK(published(*ring) == 2);
}

TEST_CASE("KeyRing: a clock that was far ahead does not stop the rotation for good") {
  Rings rings;
  const auto ahead = kNow + 50 * 365 * kDay;
  const string wrong = rings.opened(ahead)->signing(ahead)->id();
  const auto ring = rings.opened(kNow);
  CHECK(ring->signing(kNow)->id() == wrong);
  ring->refresh(kNow);
  CHECK(published(*ring) == 2);
  CHECK(ring->signing(kNow)->id() != wrong);
  ring->refresh(kNow + 1s);
  CHECK(published(*ring) == 2);
}

TEST_CASE("KeyRing: a place where no directory can be is an error") {
  Rings rings;
  std::ofstream(rings.directory / "token-keys") << "x";
  CHECK(contains(rings.fault(), "token-keys"));
}

}  // namespace
}  // namespace shale::auth

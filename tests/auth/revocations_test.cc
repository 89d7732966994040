#include "auth/revocations.h"

#include <filesystem>
#include <fstream>

#include <sys/stat.h>

#include <doctest/doctest.h>

#include "auth/files.h"
#include "tests/support/temporary_directory.h"

namespace shale::auth {
namespace {

using namespace std::chrono_literals;
using std::string;

constexpr Time kNow{std::chrono::seconds(1'700'000'000)};

Identity user(const string& name) {
  return {.kind = Identity::Kind::kUser, .name = name, .groups = {}};
}
Identity robot(const string& name) {
  return {.kind = Identity::Kind::kRobot, .name = name, .groups = {}};
}

struct Lists {
  testing::TemporaryDirectory directory;
  string path = (directory / "revoked-tokens").string();
  Revocations::Options options;

  std::unique_ptr<Revocations> open() const {
    auto opened = Revocations::open(path, options);
    REQUIRE(std::holds_alternative<std::unique_ptr<Revocations>>(opened));
    return std::get<std::unique_ptr<Revocations>>(std::move(opened));
  }
  FileContent content() const { return read_file(path).value_or(FileContent{}); }
  string fault() const {
    auto opened = Revocations::open(path, options);
    REQUIRE(std::holds_alternative<string>(opened));
    return std::get<string>(opened);
  }
};

TEST_CASE("Revocations: one token ends, now and after a restart") {
  const Lists lists;
  const auto list = lists.open();
  CHECK_FALSE(std::filesystem::exists(lists.path));
  REQUIRE_FALSE(list->revoke(user("alice"), "one", kNow + 1h, kNow));
  CHECK(list->generation() == 1);
  const auto again = lists.open();
  for (const Revocations* each : {list.get(), again.get()}) {
    CHECK(each->revoked(user("alice"), "one", kNow));
    CHECK_FALSE(each->revoked(user("alice"), "two", kNow));
    CHECK_FALSE(each->revoked(user("bob"), "one", kNow));
    CHECK_FALSE(each->revoked(robot("alice"), "one", kNow));
  }
  CHECK(lists.content().mode == 0600);
}

TEST_CASE("Revocations: all of somebody's end, and later ones do not") {
  const Lists lists;
  const auto list = lists.open();
  REQUIRE_FALSE(list->revoke_all(user("alice b"), kNow + 500ms));
  const auto again = lists.open();
  for (const Revocations* each : {list.get(), again.get()}) {
    CHECK(each->revoked(user("alice b"), "any", kNow - 24h));
    CHECK(each->revoked(user("alice b"), "any", kNow));
    CHECK_FALSE(each->revoked(user("alice b"), "any", kNow + 1s));
    CHECK_FALSE(each->revoked(user("alice"), "any", kNow));
    CHECK_FALSE(each->revoked(robot("alice b"), "any", kNow));
    CHECK(each->all_before(user("alice b")) == kNow);
    CHECK_FALSE(each->all_before(user("alice")));
  }
}

TEST_CASE("Revocations: entries go when the tokens would have expired") {
  const Lists lists;
  const auto list = lists.open();
  REQUIRE_FALSE(list->revoke(user("alice"), "one", kNow + 1h, kNow));
  REQUIRE_FALSE(list->revoke_all(user("bob"), kNow));
  REQUIRE_FALSE(list->revoke(user("carol"), "two", kNow + 3h, kNow + 59min));
  CHECK(list->revoked(user("alice"), "one", kNow));
  REQUIRE_FALSE(list->revoke(user("carol"), "three", kNow + 3h, kNow + 1h));
  CHECK_FALSE(list->revoked(user("alice"), "one", kNow));
  CHECK(list->revoked(user("bob"), "x", kNow));
  CHECK(lists.content().text.find("alice") == string::npos);
  REQUIRE_FALSE(list->revoke_all(user("dave"), kNow + 24h * 30 + 30s));
  CHECK_FALSE(list->revoked(user("bob"), "x", kNow));
  CHECK(lists.content().text.find("bob") == string::npos);
}

TEST_CASE("Revocations: the list is bounded, for each and in all, and forgets nothing for it") {
  Lists lists;
  lists.options.most = 12;
  lists.options.most_of_each = 3;
  const auto list = lists.open();
  for (const char* id : {"1", "2", "3"})
    REQUIRE_FALSE(list->revoke(user("alice"), id, kNow + 1h, kNow));
  CHECK_FALSE(list->revoked(user("alice"), "5", kNow));
  REQUIRE_FALSE(list->revoke(user("alice"), "4", kNow + 1h, kNow));
  for (const char* id : {"1", "2", "3", "4", "5"})
    CHECK(list->revoked(user("alice"), id, kNow));

  int taken = 0;
  while (taken < 100 && !list->revoke(user("u" + std::to_string(taken)), "x", kNow + 1h, kNow))
    ++taken;
  CHECK(taken == 5);
  CHECK_FALSE(list->revoked(user("u5"), "x", kNow));
  CHECK(list->revoked(user("u4"), "x", kNow));
  CHECK(list->revoked(user("alice"), "1", kNow));
  CHECK_FALSE(list->revoke(user("u5"), "x", kNow + 3h, kNow + 2h));
}

TEST_CASE("Revocations: what cannot be written does not count, and is said") {
  const Lists lists;
  const auto list = lists.open();
  REQUIRE_FALSE(list->revoke(user("alice"), "one", kNow + 1h, kNow));
  std::filesystem::create_directories(lists.path + ".new/in/the/way");
  const auto failed = list->revoke(user("alice"), "two", kNow + 1h, kNow);
  CHECK(failed.value_or(Revocations::Failed{}).why.find("cannot write") != string::npos);
  CHECK_FALSE(list->revoked(user("alice"), "two", kNow));
  CHECK(list->generation() == 1);
  CHECK(lists.open()->revoked(user("alice"), "one", kNow));
}

TEST_CASE("Revocations: a list that was cut off anywhere, or is no list, is an error") {
  const Lists lists;
  {
    const auto list = lists.open();
    REQUIRE_FALSE(list->revoke(user("alice"), "one", kNow + 1h, kNow));
    REQUIRE_FALSE(list->revoke_all(user("bob"), kNow));
  }
  const string whole = lists.content().text;
  for (std::size_t length = 0; length < whole.size(); ++length) {
    REQUIRE_FALSE(write_private_file(lists.path, whole.substr(0, length)));
    CHECK(lists.fault().find(lists.path) == 0);
  }
  for (const string& more : {string("x"), string("end\n"), whole}) {
    REQUIRE_FALSE(write_private_file(lists.path, whole + more));
    CHECK(lists.fault().find("no list of revoked tokens") != string::npos);
  }
  for (const char* line :
       {"token one -1 user alice\n", "token one 1x user alice\n", "token one 1 admin alice\n",
        "token one 1 user\n", "all x 1 user bob\n", "some 1 1 user bob\n", "\n"}) {
    REQUIRE_FALSE(
        write_private_file(lists.path, "shale-revoked-tokens 1\n" + string(line) + "end\n"));
    CHECK(lists.fault().find("no list of revoked tokens") != string::npos);
  }
  REQUIRE_FALSE(write_private_file(lists.path, whole));
  REQUIRE(::chmod(lists.path.c_str(), 0644) == 0);
  CHECK(lists.fault().find("is open to others") != string::npos);
}

}  // namespace
}  // namespace shale::auth

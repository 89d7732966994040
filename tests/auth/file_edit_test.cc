#include "auth/file_edit.h"

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include <doctest/doctest.h>

#include "tests/support/temporary_directory.h"

namespace shale::auth {
namespace {

namespace fs = std::filesystem;
using std::string;

string text_of(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

void write(const fs::path& path, const string& text) {
  std::ofstream file(path, std::ios::binary);
  file << text;
  REQUIRE(file.flush());
}

string with_bob(const string& before) {
  return before + "bob\n";
}

TEST_CASE("edit_file: a new file and one that is there") {
  const testing::TemporaryDirectory directory;
  const fs::path users = directory / "users";
  CHECK_FALSE(edit_file(users, with_bob));
  CHECK_FALSE(edit_file(users, with_bob));
  CHECK(text_of(users) == "bob\nbob\n");
}

TEST_CASE("edit_file: no link is followed, and what it points to stays as it is") {
  const testing::TemporaryDirectory directory;
  const fs::path users = directory / "users";
  const fs::path victim = directory / "victim";
  write(victim, "precious\n");
  const auto link_at = [&](const string& suffix) {
    fs::create_symlink(victim, users.string() + suffix);
  };

  SUBCASE("the file itself is refused") {
    link_at("");
    const auto fault = edit_file(users, with_bob);
    REQUIRE(fault);
    CHECK(fault->find("users is a link: name the file that it points to") != string::npos);
    CHECK(fs::is_symlink(users));
  }
  SUBCASE("a link to nothing is refused as well") {
    fs::create_symlink(directory / "nowhere", users);
    CHECK(edit_file(users, with_bob));
    CHECK_FALSE(fs::exists(directory / "nowhere"));
  }
  SUBCASE("the lock is refused") {
    link_at(".lock");
    const auto fault = edit_file(users, with_bob);
    REQUIRE(fault);
    CHECK(fault->find("cannot lock ") != string::npos);
    CHECK_FALSE(fs::exists(users));
  }
  SUBCASE("what is written is put in the place of the link") {
    link_at(".new");
    CHECK_FALSE(edit_file(users, with_bob));
    CHECK(text_of(users) == "bob\n");
    CHECK(fs::is_regular_file(fs::symlink_status(users)));
  }
  CHECK(text_of(victim) == "precious\n");
}

}  // namespace
}  // namespace shale::auth

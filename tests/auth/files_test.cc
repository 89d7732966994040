#include "auth/files.h"

#include <cerrno>
#include <filesystem>
#include <fstream>

#include <sys/stat.h>
#include <unistd.h>

#include <doctest/doctest.h>

#include "tests/support/temporary_directory.h"

namespace shale::testing {
namespace {

TEST_CASE("read_file: all of it, or none") {
  const TemporaryDirectory directory;
  const std::string path = (directory / "file").string();
  CHECK_FALSE(auth::read_file(path).has_value());
  std::ofstream(path) << std::string(10'000, 'x') << "end";
  REQUIRE(::chmod(path.c_str(), 0640) == 0);
  const auto content = auth::read_file(path);
  REQUIRE(content.has_value());
  CHECK(content->text == std::string(10'000, 'x') + "end");
  CHECK(content->mode == 0640);
  CHECK(content->owner == ::geteuid());
  CHECK(content->stamp == auth::stamp_of(path));
  CHECK_FALSE(auth::read_file(directory.path().string()).has_value());
  CHECK(errno == EISDIR);
  const std::string pipe = (directory / "pipe").string();
  REQUIRE(::mkfifo(pipe.c_str(), 0600) == 0);
  CHECK_FALSE(auth::read_file(pipe).has_value());  // and nobody is waited for
}

TEST_CASE("FileStamp: a file that takes another's place has another one, and none has none") {
  const TemporaryDirectory directory;
  const std::string path = (directory / "file").string();
  CHECK(auth::stamp_of(path) == auth::FileStamp{});
  std::ofstream(path) << "one";
  const auto before = auth::stamp_of(path);
  CHECK(before == auth::stamp_of(path));
  const std::string other = (directory / "other").string();
  std::ofstream(other) << "two";
  std::filesystem::last_write_time(other, std::filesystem::last_write_time(path));
  std::filesystem::rename(other, path);
  CHECK_FALSE(before == auth::stamp_of(path));
}

TEST_CASE("make_private_file: neither follows a link nor keeps what lay there") {
  const TemporaryDirectory directory;
  const std::string path = (directory / "file").string();
  const std::string other = (directory / "other").string();
  std::ofstream(other) << "mine";
  SUBCASE("a link") {
    std::filesystem::create_symlink(other, path);
  }
  SUBCASE("a file that everybody reads") {
    std::ofstream(path) << "old";
    REQUIRE(::chmod(path.c_str(), 0644) == 0);
  }
  SUBCASE("nothing") {}
  const int file = auth::make_private_file(path);
  REQUIRE(file >= 0);
  struct ::stat status{};
  CHECK(::fstat(file, &status) == 0);
  ::close(file);
  CHECK(status.st_size == 0);
  CHECK((status.st_mode & 07777) == 0600);
  CHECK_FALSE(std::filesystem::is_symlink(path));
  CHECK(auth::read_file(other)->text == "mine");
}

}  // namespace
}  // namespace shale::testing

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
  CHECK(auth::read_file(path) == std::string(10'000, 'x') + "end");
  CHECK_FALSE(auth::read_file(directory.path().string()).has_value());
  CHECK(errno == EISDIR);
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
  CHECK(auth::read_file(other) == "mine");
}

}  // namespace
}  // namespace shale::testing

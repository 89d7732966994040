#include "auth/files.h"

#include <cerrno>
#include <csignal>
#include <filesystem>
#include <fstream>

#include <sys/resource.h>
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

TEST_CASE("write_private_file: all or nothing, for its owner alone, and no link is followed") {
  const TemporaryDirectory directory;
  const std::string path = (directory / "file").string();
  const std::string other = (directory / "other").string();
  std::ofstream(other) << "theirs";
  std::filesystem::create_symlink(other, path);
  std::filesystem::create_symlink(other, path + ".new");
  REQUIRE_FALSE(auth::write_private_file(path, "ours"));
  CHECK(auth::read_file(other)->text == "theirs");
  const auto read = auth::read_private_file(path);
  REQUIRE(std::holds_alternative<auth::FileContent>(read));
  CHECK(std::get<auth::FileContent>(read).text == "ours");
  CHECK(std::get<auth::FileContent>(read).mode == 0600);
  CHECK_FALSE(std::filesystem::exists(path + ".new"));

  std::filesystem::create_directories(path + ".new/in/the/way");
  const auto fault = auth::write_private_file(path, "lost");
  REQUIRE(fault.has_value());
  CHECK(fault->why.find(path + ".new") != std::string::npos);
  CHECK(auth::read_file(path)->text == "ours");
  CHECK(auth::write_private_file((directory / "none/file").string(), "x").has_value());
}

TEST_CASE("write_private_file: a disk that takes a part only is an error that is told") {
  const TemporaryDirectory directory;
  const std::string path = (directory / "file").string();
  REQUIRE_FALSE(auth::write_private_file(path, "first"));
  struct ::rlimit before{};
  REQUIRE(::getrlimit(RLIMIT_FSIZE, &before) == 0);
  const struct ::rlimit small{.rlim_cur = 1000, .rlim_max = before.rlim_max};
  const auto previous = std::signal(SIGXFSZ, SIG_IGN);
  REQUIRE(::setrlimit(RLIMIT_FSIZE, &small) == 0);
  const auto fault = auth::write_private_file(path, std::string(100'000, 'x'));
  REQUIRE(::setrlimit(RLIMIT_FSIZE, &before) == 0);
  std::signal(SIGXFSZ, previous);  // NOLINT(cert-err33-c): a known signal cannot fail
  REQUIRE(fault.has_value());
  CHECK(fault->why.find("File too large") != std::string::npos);
  CHECK(auth::read_file(path)->text == "first");
  CHECK_FALSE(std::filesystem::exists(path + ".new"));
}

TEST_CASE("read_private_file: only what nobody else can have read or written") {
  const TemporaryDirectory directory;
  const std::string path = (directory / "file").string();
  const auto fault = [&] {
    const auto read = auth::read_private_file(path);
    const auto* found = std::get_if<auth::FileFault>(&read);
    return found == nullptr ? std::string() : found->why;
  };
  CHECK(fault().find("No such file") != std::string::npos);
  std::ofstream(path) << "x";
  for (const ::mode_t mode : {0640, 0604, 0660, 0601}) {
    REQUIRE(::chmod(path.c_str(), mode) == 0);
    CHECK(fault().find("is open to others than its owner") != std::string::npos);
  }
  REQUIRE(::chmod(path.c_str(), 0400) == 0);
  CHECK(fault().empty());
  std::filesystem::rename(path, path + ".real");
  std::filesystem::create_symlink(path + ".real", path);
  CHECK(fault() == path + " is a link: put the file itself there");
}

TEST_CASE("remove_file: what is not there is no fault") {
  const TemporaryDirectory directory;
  const std::string path = (directory / "file").string();
  std::ofstream(path) << "x";
  CHECK_FALSE(auth::remove_file(path));
  CHECK_FALSE(std::filesystem::exists(path));
  CHECK_FALSE(auth::remove_file(path));
  CHECK(auth::remove_file((directory / "none/file").string()).has_value());
}

}  // namespace
}  // namespace shale::testing

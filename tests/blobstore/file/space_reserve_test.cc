#include "blobstore/file/space_reserve.h"

#include <cerrno>
#include <cstdint>

#include <doctest/doctest.h>

#include "blobstore/file/directories.h"
#include "tests/blobstore/file/faulty_file_system.h"
#include "tests/support/result.h"
#include "tests/support/temporary_directory.h"

namespace shale::testing {
namespace {

constexpr std::uint64_t kMiB = std::uint64_t{1} << 20;

struct Fixture {
  TemporaryDirectory root;
  FaultyFileSystem files;
  file::File directory = value(file::open_root(files, root.path(), "uploads"));
};

TEST_CASE("SpaceReserve: what would go under the reserve is refused") {
  Fixture f;
  file::SpaceReserve reserve(f.directory, 100 * kMiB);
  f.files.set_free_space(101 * kMiB);
  CHECK(error_code(reserve.take(kMiB + 1)) == Errc::kNoSpace);
  REQUIRE(reserve.take(kMiB));

  f.files.set_free_space(100 * kMiB);
  CHECK(error_code(reserve.take(1)) == Errc::kNoSpace);
  f.files.set_free_space(5 * kMiB);
  CHECK(error_code(reserve.take(1)) == Errc::kNoSpace);
  CHECK(error_message(reserve.take(1)).find("5 MiB free, of which 100 MiB") != std::string::npos);

  f.files.set_free_space(200 * kMiB);
  CHECK(reserve.take(1));
}

TEST_CASE("SpaceReserve: one answer of the disk is good for some megabytes, not more") {
  Fixture f;
  file::SpaceReserve reserve(f.directory, kMiB);
  f.files.set_free_space(1000 * kMiB);
  for (int i = 0; i < 32; ++i)
    REQUIRE(reserve.take(kMiB / 4));  // 8 MiB in all
  CHECK(f.files.count(Call::kFreeSpace) == 1);

  f.files.set_free_space(0);
  CHECK(error_code(reserve.take(1)) == Errc::kNoSpace);
}

TEST_CASE("SpaceReserve: near the reserve an answer is good for less") {
  Fixture f;
  file::SpaceReserve reserve(f.directory, 10 * kMiB);
  f.files.set_free_space(10 * kMiB + 100);
  REQUIRE(reserve.take(60));
  f.files.set_free_space(10 * kMiB + 40);
  REQUIRE(reserve.take(40));
  f.files.set_free_space(10 * kMiB);
  CHECK(error_code(reserve.take(1)) == Errc::kNoSpace);
}

TEST_CASE("SpaceReserve: another reserve counts at once, whatever the disk said before") {
  Fixture f;
  file::SpaceReserve reserve(f.directory, kMiB);
  f.files.set_free_space(100 * kMiB);
  REQUIRE(reserve.take(1));
  reserve.set_reserve(100 * kMiB);
  CHECK(error_code(reserve.take(1)) == Errc::kNoSpace);
  CHECK(value(reserve.space()).reserve == 100 * kMiB);
  reserve.set_reserve(50 * kMiB);
  CHECK(reserve.take(1));
}

TEST_CASE("SpaceReserve: a disk that does not answer is an error") {
  Fixture f;
  file::SpaceReserve reserve(f.directory, 0);
  f.files.fail(Call::kFreeSpace, EIO);
  CHECK(error_code(reserve.take(1)) == Errc::kIo);
  CHECK(error_code(reserve.space()) == Errc::kIo);
  f.files.mend(Call::kFreeSpace);
  CHECK(reserve.take(1));
}

}  // namespace
}  // namespace shale::testing

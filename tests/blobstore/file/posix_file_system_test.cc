#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <vector>

#include <fcntl.h>

#include <doctest/doctest.h>

#include "blobstore/file/file_system.h"
#include "tests/support/temporary_directory.h"

namespace shale::file {
namespace {

TEST_CASE("FileSystem: descriptors from a number on are left to others") {
  const testing::TemporaryDirectory root;
  FileSystem& all = posix_file_system();
  const int directory = all.open_at(AT_FDCWD, root.path().c_str(), O_RDONLY | O_DIRECTORY, 0);
  REQUIRE(directory >= 0);
  const auto some = posix_file_system_below(directory + 3);
  std::vector<int> taken;
  int last = 0;
  while (last >= 0 && taken.size() < 1000) {
    last = some->open_at(directory, "file", O_RDWR | O_CREAT, 0600);
    if (last >= 0) taken.push_back(last);
  }
  CHECK(last == -EMFILE);
  CHECK(std::ranges::all_of(taken, [&](int taken_one) { return taken_one < directory + 3; }));
  CHECK(some->open_at(directory, "fresh", O_RDWR | O_CREAT | O_EXCL, 0600) == -EMFILE);
  CHECK_FALSE(std::filesystem::exists(root.path() / "fresh"));

  const int other = all.open_at(directory, "file", O_RDONLY, 0);
  CHECK(other >= directory + 3);
  for (const int descriptor : taken)
    all.close(descriptor);
  all.close(other);
  const int again = some->open_at(directory, "fresh", O_RDWR | O_CREAT | O_EXCL, 0600);
  CHECK(again >= 0);
  all.close(again);
  all.close(directory);
}

}  // namespace
}  // namespace shale::file

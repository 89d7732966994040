#include "server/log/rotating_file.h"

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "tests/support/temporary_directory.h"

namespace shale::log {
namespace {

std::string text_of(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

TEST_CASE("RotatingFile: a full file becomes .1, and only so many are kept") {
  const testing::TemporaryDirectory directory;
  const auto path = directory / "audit.log";
  const Sink sink = rotating_file_sink({.path = path, .most_bytes = 10, .keep = 2, .report = {}});
  for (const char* line : {"first\n", "2\n", "third\n", "fourth\n", "fifth\n"})
    sink(line, {});
  CHECK(text_of(path) == "fifth\n");
  CHECK(text_of(directory / "audit.log.1") == "fourth\n");
  CHECK(text_of(directory / "audit.log.2") == "third\n");
  CHECK_FALSE(std::filesystem::exists(directory / "audit.log.3"));
  CHECK(std::filesystem::status(path).permissions() ==
        (std::filesystem::perms::owner_read | std::filesystem::perms::owner_write));
}

TEST_CASE("RotatingFile: goes on where it ended, and after the file was moved away") {
  const testing::TemporaryDirectory directory;
  const auto path = directory / "audit.log";
  rotating_file_sink({.path = path, .report = {}})("one\n", {});
  const Sink sink = rotating_file_sink({.path = path, .report = {}});
  sink("two\n", {});
  CHECK(text_of(path) == "one\ntwo\n");
  std::filesystem::rename(path, directory / "old");
  sink("three\n", {});
  CHECK(text_of(path) == "three\n");
}

TEST_CASE(
    "RotatingFile: says once that it cannot write, and once that it can again, and counts what is "
    "lost") {
  const testing::TemporaryDirectory directory;
  const auto path = directory / "later/audit.log";
  std::vector<std::string> reports;
  int lost = 0;
  const Sink sink =
      rotating_file_sink({.path = path,
                          .report = [&](std::string_view what) { reports.emplace_back(what); },
                          .lost = [&] { ++lost; }});
  sink("lost\n", {});
  sink("lost\n", {});
  CHECK(reports.size() == 1);
  CHECK(lost == 2);
  std::filesystem::create_directory(directory / "later");
  sink("kept\n", {});
  CHECK(reports.size() == 2);
  CHECK(lost == 2);
  CHECK(text_of(path) == "kept\n");
}

}  // namespace
}  // namespace shale::log

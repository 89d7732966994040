#include "server/net/certificate_watch.h"

#include <filesystem>
#include <stdexcept>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "tests/server/net/tls_fixture.h"

namespace shale::testing {
namespace {

struct Watched {
  CertificateFolder folder;
  std::vector<std::string> warnings;
  std::vector<std::string> notes;
  net::CertificateFiles files = folder.make("a", {"a.example"});
  net::CertificateWatch watch{
      {files},
      {.warn = [this](std::string_view, std::string_view cause) { warnings.emplace_back(cause); },
       .note = [this](std::string_view what, std::string_view) { notes.emplace_back(what); }}};

  /// Some file systems keep time so coarsely that a rewrite within one tick has the same
  /// stamps: a new file has another inode.
  void replace(const std::string& with) {
    std::filesystem::rename(folder.named(with).certificate, files.certificate);
    std::filesystem::rename(folder.named(with).key, files.key);
  }
};

TEST_CASE("CertificateWatch: files that do not change are not read again") {
  Watched watched;
  const auto before = watched.watch.current();
  for (int i = 0; i < 3; ++i)
    watched.watch.look();
  CHECK(watched.watch.current() == before);
  CHECK(watched.notes.empty());
}

TEST_CASE("CertificateWatch: new files come into force at the second look that sees them") {
  Watched watched;
  const auto before = watched.watch.current();
  watched.folder.make("b", {"b.example"});
  watched.replace("b");
  watched.watch.look();
  CHECK(watched.watch.current() == before);
  watched.watch.look();
  CHECK(watched.watch.current() != before);
  CHECK(watched.notes.size() == 1);
  CHECK(watched.warnings.empty());
}

TEST_CASE("CertificateWatch: whoever replaces one file after the other is not caught between") {
  Watched watched;
  const auto before = watched.watch.current();
  watched.folder.make("b", {"b.example"});
  std::filesystem::rename(watched.folder.named("b").certificate, watched.files.certificate);
  watched.watch.look();
  std::filesystem::rename(watched.folder.named("b").key, watched.files.key);
  watched.watch.look();
  watched.watch.look();
  CHECK(watched.watch.current() != before);
  CHECK(watched.warnings.empty());
}

TEST_CASE("CertificateWatch: broken new files leave the old in force, and are warned of once") {
  Watched watched;
  const auto before = watched.watch.current();
  SUBCASE("a key that is gone") {
    std::filesystem::remove(watched.files.key);
  }
  SUBCASE("a certificate that is none") {
    write_file(watched.folder / "none", "none");
    std::filesystem::rename(watched.folder / "none", watched.files.certificate);
  }
  for (int i = 0; i < 5; ++i)
    watched.watch.look();
  CHECK(watched.watch.current() == before);
  REQUIRE(watched.warnings.size() == 1);
  CHECK(watched.warnings[0].find(watched.folder / "a.") == 0);

  watched.folder.make("b", {"b.example"});
  watched.replace("b");
  for (int i = 0; i < 3; ++i)
    watched.watch.look();
  CHECK(watched.watch.current() != before);
  CHECK(watched.warnings.size() == 1);
}

TEST_CASE("CertificateWatch: other trouble, or the same after it was over, is warned of again") {
  Watched watched;
  const auto look_twice = [&] {
    watched.watch.look();
    watched.watch.look();
    return watched.warnings.size();
  };
  const std::string key = watched.files.key;
  std::filesystem::rename(key, key + ".away");
  CHECK(look_twice() == 1);
  write_file(key, "none");
  CHECK(look_twice() == 2);
  std::filesystem::remove(key);
  CHECK(look_twice() == 3);
  watched.folder.make("b", {"b.example"});
  watched.replace("b");
  CHECK(look_twice() == 3);
  std::filesystem::remove(key);
  CHECK(look_twice() == 4);
}

TEST_CASE("CertificateWatch: a reload reads at once, and says whether it went well") {
  Watched watched;
  const auto before = watched.watch.current();
  CHECK(watched.watch.reload());
  CHECK(watched.watch.current() != before);
  std::filesystem::remove(watched.files.key);
  CHECK_FALSE(watched.watch.reload());
  CHECK(watched.warnings.size() == 1);
  watched.watch.look();
  watched.watch.look();
  CHECK(watched.warnings.size() == 1);
}

TEST_CASE("CertificateWatch: begins with an exception when the files cannot be used") {
  const CertificateFolder folder;
  const auto ignore = [](std::string_view, std::string_view) {};
  CHECK_THROWS_AS(net::CertificateWatch({folder.named("none")}, {.warn = ignore, .note = ignore}),
                  std::runtime_error);
}

}  // namespace
}  // namespace shale::testing

#include "auth/robot_file.h"

#include <filesystem>
#include <fstream>

#include <doctest/doctest.h>

#include "tests/support/temporary_directory.h"

namespace shale::auth {
namespace {

using namespace std::chrono_literals;

constexpr Time kNow{std::chrono::seconds(1'700'000'000)};

Robot ci() {
  return {.name = "ci",
          .description = "builds \"all\"\n",
          .permissions = {{.actions = {Action::kPull, Action::kPush},
                           .repositories = {*RepositoryPattern::parse("team-a/**"),
                                            *RepositoryPattern::parse("tools/*")}},
                          {.actions = {Action::kPull},
                           .repositories = {*RepositoryPattern::parse("**")}}},
          .created_by = "olga",
          .created = kNow,
          .expires = kNow + 24h,
          .last_used = kNow + 1ms,
          .secret_hash = std::string(64, 'a'),
          .former = FormerSecret{std::string(64, 'b'), kNow + 1h}};
}

bool same(const Robot& a, const Robot& b) {
  return write_robots({a}) == write_robots({b});
}

TEST_CASE("RobotFile: what was saved is loaded, and is for its owner alone") {
  const testing::TemporaryDirectory directory;
  const auto path = directory.path() / "robots.json";
  RobotFile file(path);
  CHECK(std::get<std::vector<Robot>>(file.load()).empty());

  Robot plain = ci();
  plain.name = "plain";
  plain.expires.reset();
  plain.last_used.reset();
  plain.former.reset();
  CHECK_FALSE(file.save({ci(), plain}));
  const auto loaded = std::get<std::vector<Robot>>(RobotFile(path).load());
  REQUIRE(loaded.size() == 2);
  CHECK(same(loaded[0], ci()));
  CHECK(loaded[0].permissions == ci().permissions);
  CHECK(loaded[0].former->until == kNow + 1h);
  CHECK(same(loaded[1], plain));
  CHECK_FALSE(loaded[1].expires);
  CHECK((std::filesystem::status(path).permissions() & std::filesystem::perms::all) ==
        (std::filesystem::perms::owner_read | std::filesystem::perms::owner_write));
}

TEST_CASE("RobotFile: one that is broken is named, and never taken for an empty one") {
  const testing::TemporaryDirectory directory;
  const auto path = directory.path() / "robots.json";
  const std::string good = write_robots({ci()});
  const auto fault = [&](const std::string& text) {
    std::ofstream(path) << text;
    using std::filesystem::perms;
    std::filesystem::permissions(path, perms::owner_read | perms::owner_write);
    auto loaded = RobotFile(path).load();
    REQUIRE(std::holds_alternative<std::string>(loaded));
    CHECK(std::get<std::string>(loaded).starts_with(path.string()));
    return std::get<std::string>(loaded);
  };
  const auto with = [&](const std::string& from, const std::string& to) {
    std::string text = good;
    text.replace(text.find(from), from.size(), to);
    return text;
  };
  CHECK(fault("").find("is no file of robots") != std::string::npos);
  CHECK(fault("[]").find("is no file of robots") != std::string::npos);
  CHECK(fault(good.substr(0, good.size() / 2)).find("is no file of robots") != std::string::npos);
  CHECK(fault(with("\"version\": 1", "\"version\": 2")).find("newer") != std::string::npos);
  for (const auto& [from, to] : {std::pair{"\"pull\"", "\"fly\""},
                                 {"\"team-a/**\"", "\"Team\""},
                                 {"\"ci\"", "\"a/b\""},
                                 {"\"ci\"", "7"},
                                 {"\"secret_sha256\"", "\"secret\""},
                                 {"1700086400000", "\"soon\""}}) {
    CHECK(fault(with(from, to)).find("mistake in entry 1") != std::string::npos);
  }
  CHECK(fault(write_robots({ci(), ci()})).find("mistake in entry 2") != std::string::npos);
}

TEST_CASE("RobotFile: one that others may read is refused, and so is a link") {
  const testing::TemporaryDirectory directory;
  const auto path = directory.path() / "robots.json";
  const auto link = directory.path() / "link.json";
  CHECK_FALSE(RobotFile(path).save({ci()}));
  std::filesystem::permissions(path, std::filesystem::perms::others_read,
                               std::filesystem::perm_options::add);
  CHECK(std::holds_alternative<std::string>(RobotFile(path).load()));
  std::filesystem::create_symlink(directory.path() / "nowhere", link);
  CHECK(std::holds_alternative<std::string>(RobotFile(link).load()));
}

TEST_CASE("RobotFile: a link in its place is not followed when it is written") {
  const testing::TemporaryDirectory directory;
  const auto elsewhere = directory.path() / "elsewhere";
  std::ofstream(elsewhere) << "precious";
  std::filesystem::create_symlink(elsewhere, directory.path() / "robots.json.new");
  CHECK_FALSE(RobotFile(directory.path() / "robots.json").save({ci()}));
  std::string kept;
  std::ifstream(elsewhere) >> kept;
  CHECK(kept == "precious");
}

}  // namespace
}  // namespace shale::auth

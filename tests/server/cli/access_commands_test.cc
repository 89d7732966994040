#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <sstream>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "server/cli/command_line.h"
#include "tests/support/temporary_directory.h"

namespace shale::cli {
namespace {

struct Outcome {
  int code = -1;
  std::string out;
  std::string err;
};

Outcome shale(const std::vector<std::string>& arguments,
              std::optional<std::string> password = "pass phrase") {
  std::ostringstream out;
  std::ostringstream err;
  const int code = run(arguments, {.environment = {},
                                   .out = out,
                                   .err = err,
                                   .serve = {},
                                   .ask_password = [&](const std::string&) { return password; }});
  return {code, out.str(), err.str()};
}

std::string text_of(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

void write(const std::filesystem::path& path, const std::string& text) {
  std::ofstream file(path, std::ios::binary);
  file << text;
  REQUIRE(file.flush());
}

TEST_CASE("shale user: add, list and remove, with every other line left alone") {
  const testing::TemporaryDirectory directory;
  const std::string file = directory / "users";
  CHECK(shale({"user", "add", "alice", "--file", file}).code == kOk);
  CHECK(std::filesystem::status(file).permissions() ==
        (std::filesystem::perms::owner_read | std::filesystem::perms::owner_write));
  CHECK(text_of(file).starts_with("alice:$2y$10$"));
  write(file, "# ours\n" + text_of(file));
  std::filesystem::permissions(file, static_cast<std::filesystem::perms>(0640));
  CHECK(shale({"user", "add", "bob", "--file", file}).code == kOk);
  CHECK(std::filesystem::status(file).permissions() == static_cast<std::filesystem::perms>(0640));
  CHECK(shale({"user", "list", "--file", file}).out == "alice\nbob\n");
  CHECK(shale({"user", "remove", "alice", "--file", file}).code == kOk);
  CHECK(shale({"user", "list", "--file", file}).out == "bob\n");
  CHECK(text_of(file).starts_with("# ours\nbob:"));
  CHECK_FALSE(std::filesystem::exists(file + ".new"));
}

TEST_CASE("shale user: what cannot be done is said, and changes nothing") {
  const testing::TemporaryDirectory directory;
  const std::string file = directory / "users";
  CHECK(shale({"user", "list", "--file", file}).code == kFailure);
  CHECK(shale({"user", "remove", "alice", "--file", file}).code == kFailure);
  CHECK(shale({"user", "add", "a:b", "--file", file}).code == kFailure);
  for (const char* name : {"#bob", "anonymous", "authenticated", "robot+ci", "robot:ci", "a,b", ""})
    CHECK(shale({"user", "add", name, "--file", file}).code == kFailure);
  CHECK(shale({"user", "add", "alice", "--file", file}, std::nullopt).code == kFailure);
  CHECK(shale({"user", "add", "alice", "--file", file}, "").code == kFailure);
  CHECK(shale({"user", "add", "alice", "--file", file}, std::string(73, 'a')).code == kFailure);
  CHECK_FALSE(std::filesystem::exists(file));
  CHECK(shale({"user", "add", "alice", "--file", directory / "no/users"}).code == kFailure);
  CHECK(shale({"user", "add", "alice"}).code == kUsage);
  CHECK(shale({"user", "add", "alice", "secret", "--file", file}).code == kUsage);
  CHECK(shale({"user"}).code == kUsage);
}

TEST_CASE("shale user: the file may be named by the configuration") {
  const testing::TemporaryDirectory directory;
  const std::string config = directory / "shale.yaml";
  write(config, "auth:\n  htpasswd: " + (directory / "users").string() + "\n");
  CHECK(shale({"user", "add", "alice", "--config", config}).code == kOk);
  CHECK(shale({"user", "list", "--config", config}).out == "alice\n");
}

TEST_CASE("shale policy test: says which rule decides") {
  const testing::TemporaryDirectory directory;
  const std::string file = directory / "policy.yaml";
  write(
      file,
      "groups: {team-a: [alice]}\n"
      "rules:\n"
      "  - {deny: [overwrite], subjects: [authenticated], repositories: [team-a/release]}\n"
      "  - {allow: [pull, push, overwrite], subjects: [group:team-a], repositories: [team-a/**]}\n"
      "  - {allow: [pull], subjects: [anonymous, 'robot:ci'], repositories: [public/**]}\n");
  const auto ask = [&](const std::string& who, const std::string& action,
                       const std::string& repository) {
    return shale({"policy", "test", "--file", file, "--as", who, action, repository});
  };
  const Outcome allowed = ask("alice", "push", "team-a/app");
  CHECK(allowed.code == kOk);
  CHECK(allowed.out ==
        "allowed: rule 2 (line 4): allow: [pull, push, overwrite]  subjects: [group:team-a]  "
        "repositories: [team-a/**]\n");
  const Outcome denied = ask("alice", "overwrite", "team-a/release");
  CHECK(denied.code == kFailure);
  CHECK(denied.out.starts_with("denied: rule 1 (line 3): deny: [overwrite]"));
  CHECK(ask("bob", "pull", "team-a/app").out == "denied: no rule matches\n");
  CHECK(ask("anonymous", "pull", "public/app").code == kOk);
  CHECK(ask("robot:ci", "pull", "public/app").code == kOk);
  CHECK(ask("ci", "pull", "public/app").code == kFailure);
  CHECK(ask("alice", "read", "public/app").code == kUsage);

  write(file, "rules: [{allow: [read], subjects: [x], repositories: ['**']}]\n");
  const Outcome wrong = ask("alice", "pull", "a");
  CHECK(wrong.code == kUsage);
  CHECK(wrong.err.find("policy.yaml:1: \"read\" is no action") != std::string::npos);
}

}  // namespace
}  // namespace shale::cli

#include "server/cli/gatehouse.h"

#include <chrono>
#include <filesystem>
#include <fstream>
#include <string>

#include <doctest/doctest.h>

#include "auth/password_hash.h"
#include "server/log/logger.h"
#include "tests/support/fake_clock.h"
#include "tests/support/temporary_directory.h"

namespace shale::cli {
namespace {

constexpr const char* kOpen =
    "rules: [{allow: [pull], subjects: [anonymous], repositories: ['**']}]\n";
constexpr const char* kBroken = "rules: [{allow: [read], subjects: [x], repositories: ['**']}]\n";

/// A gatehouse over files that tests write.
struct House {
  House() {
    std::filesystem::create_directory(directory / "auth");
    write("users", "alice:" + *auth::hash_password("secret") + '\n');
    write("policy", kOpen);
    config.storage.data_dir = directory.path().string();
    config.auth.htpasswd = (directory / "users").string();
    config.auth.policy = (directory / "policy").string();
  }
  void write(const std::string& name, const std::string& text) const {
    std::ofstream file(directory / name, std::ios::binary);
    file << text;
    REQUIRE(file.flush());
  }

  testing::TemporaryDirectory directory;
  config::Config config;
  testing::FakeClock clock;
  log::Logger logger{{}, [](std::string_view, const std::stop_token&) {}};
};

using Words = std::vector<std::string>;

TEST_CASE("Gatehouse: what the audit log loses is counted, apart from the main log") {
  House house;
  const auto log_in = [&](const Gatehouse& gatehouse) {
    const http::Request request;
    gatehouse.guard().log_in({"alice", "secret"}, request);
  };
  SUBCASE("where there is none, nothing is counted") {
    const Gatehouse gatehouse(house.config, house.clock, house.logger);
    log_in(gatehouse);
    CHECK(gatehouse.audit_lines() == nullptr);
  }
  SUBCASE("one that can be written loses nothing") {
    house.config.auth.audit_log = (house.directory / "audit.log").string();
    const Gatehouse gatehouse(house.config, house.clock, house.logger);
    log_in(gatehouse);
    REQUIRE(gatehouse.audit_lines()->flush(std::chrono::seconds(10)));
    CHECK(gatehouse.audit_lines()->failed_writes() == 0);
  }
  SUBCASE("one that cannot be written loses each line") {
    house.config.auth.audit_log = (house.directory / "missing" / "audit.log").string();
    const Gatehouse gatehouse(house.config, house.clock, house.logger);
    log_in(gatehouse);
    REQUIRE(gatehouse.audit_lines()->flush(std::chrono::seconds(10)));
    CHECK(gatehouse.audit_lines()->failed_writes() == 1);
    CHECK(house.logger.failed_writes() == 0);
  }
}

TEST_CASE("Gatehouse: what is read again on demand is named") {
  House house;
  Gatehouse gatehouse(house.config, house.clock, house.logger);
  const Reread done = gatehouse.reload();
  CHECK(done.read == Words{"users", "policy"});
  CHECK(done.wrong.empty());
}

TEST_CASE("Gatehouse: what is wrong with one file is told, and the other is read all the same") {
  House house;
  Gatehouse gatehouse(house.config, house.clock, house.logger);

  SUBCASE("a broken policy") {
    house.write("policy", kBroken);
    const Reread done = gatehouse.reload();
    CHECK(done.read == Words{"users"});
    REQUIRE(done.wrong.size() == 2);
    CHECK(done.wrong[0].find("policy:1: \"read\" is no action") != std::string::npos);
    // The one before it stays: anonymous may pull.
    http::Request request;
    const auto who = gatehouse.guard().recall(request);
    const auto* caller = std::get_if<api::CallerPtr>(&who);
    REQUIRE(caller != nullptr);
    CHECK((*caller)->may(auth::Action::kPull, "app"));
  }
  SUBCASE("users that are gone") {
    std::filesystem::remove(house.directory / "users");
    const Reread done = gatehouse.reload();
    CHECK(done.read == Words{"policy"});
    REQUIRE(done.wrong.size() == 1);
    CHECK(done.wrong[0].starts_with("cannot read "));
  }
  SUBCASE("a line of the users") {
    house.write("users", "alice\n");
    const Reread done = gatehouse.reload();
    CHECK(done.read == Words{"users", "policy"});
    REQUIRE(done.wrong.size() == 1);
    CHECK(done.wrong[0].find("users:1: there is no colon") != std::string::npos);
  }
}

}  // namespace
}  // namespace shale::cli

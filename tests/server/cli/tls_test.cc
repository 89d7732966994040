#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include "server/cli/command_line.h"
#include "tests/support/temporary_directory.h"

namespace shale::cli {
namespace {

using testing::TemporaryDirectory;
using Arguments = std::vector<std::string>;

struct Outcome {
  int code = -1;
  std::string out;
  std::string err;
  bool served = false;
};

Outcome shale(const Arguments& arguments) {
  Outcome outcome;
  std::ostringstream out;
  std::ostringstream err;
  outcome.code =
      run(arguments,
          {.environment = {}, .out = out, .err = err, .serve = [&](const Serving& /*serving*/) {
             outcome.served = true;
             return kOk;
           }});
  outcome.out = out.str();
  outcome.err = err.str();
  return outcome;
}

bool has(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

std::string text_of(const std::filesystem::path& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

Outcome self_signed(const std::filesystem::path& out, const Arguments& more = {}) {
  Arguments arguments{"tls", "self-signed", "--host", "localhost", "--out", out};
  arguments.insert(arguments.end(), more.begin(), more.end());
  return shale(arguments);
}

/// The command line that takes what `self_signed` made.
Arguments with_pair(const std::string& command, const std::filesystem::path& directory) {
  return {command, "--listen=https://127.0.0.1:0",
          "--tls.certificates=" + (directory / "shale.crt").string(),
          "--tls.keys=" + (directory / "shale.key").string()};
}

TEST_CASE("shale tls self-signed: makes a pair that serves, with a key for its owner only") {
  const TemporaryDirectory directory;
  const Outcome made = self_signed(directory / "new", {"--host", "::1", "--host=*.a.example"});
  REQUIRE_MESSAGE(made.code == kOk, made.err);
  CHECK(has(made.out, "shale serve --listen https://"));
  CHECK(has(made.out, "curl --cacert "));
  CHECK(has(made.out, "/etc/docker/certs.d/localhost:5443/ca.crt"));
  const auto mode = std::filesystem::status(directory / "new/shale.key").permissions();
  CHECK(mode == (std::filesystem::perms::owner_read | std::filesystem::perms::owner_write));

  const Outcome served = shale(with_pair("serve", directory / "new"));
  CHECK(served.served);
  CHECK(served.err.empty());
  const Outcome checked = shale(with_pair("check-config", directory / "new"));
  CHECK(checked.code == kOk);
  CHECK(checked.err.empty());
}

TEST_CASE("shale tls self-signed: writes over nothing, and leaves no half of a pair") {
  const TemporaryDirectory directory;
  for (const std::string_view there : {"shale.crt", "shale.key"}) {
    const auto place = directory / there;
    std::filesystem::create_directory(place);
    std::ofstream(place / there) << "mine";
    const Outcome outcome = self_signed(place);
    CHECK(outcome.code == kFailure);
    CHECK(has(outcome.err, "is there already, and is not written over"));
    CHECK(text_of(place / there) == "mine");
    CHECK(std::distance(std::filesystem::directory_iterator(place), {}) == 1);
  }
}

TEST_CASE("shale tls self-signed: tells what it made as JSON, too") {
  const TemporaryDirectory directory;
  const Outcome made = self_signed(directory.path(), {"--output", "json", "--days", "7"});
  const auto json = nlohmann::json::parse(made.out);
  CHECK(json.at("certificate") == (directory / "shale.crt").string());
  CHECK(json.at("key") == (directory / "shale.key").string());
  CHECK(json.at("hosts") == nlohmann::json::array({"localhost"}));
  CHECK(json.at("days") == 7);
}

TEST_CASE("shale tls self-signed: what it cannot do is said") {
  const TemporaryDirectory directory;
  CHECK(shale({"tls"}).code == kUsage);
  CHECK(shale({"tls", "self-signed", "--out", directory.path()}).code == kUsage);
  CHECK(shale({"tls", "self-signed", "--host", "a"}).code == kUsage);
  CHECK(self_signed(directory.path(), {"--days", "0"}).code == kUsage);
  CHECK(self_signed("/proc/none").code == kFailure);
  CHECK(self_signed(directory.path(), {"--host", "a,DNS:b"}).code == kFailure);
  CHECK(std::filesystem::is_empty(directory.path()));
  const Outcome help = shale({"tls", "self-signed", "--help"});
  CHECK(help.code == kOk);
  CHECK(has(help.out, "--host"));
}

TEST_CASE("shale: files of certificates that cannot be used are named with setting and remedy") {
  const TemporaryDirectory directory;
  REQUIRE(self_signed(directory.path()).code == kOk);
  REQUIRE(self_signed(directory / "other").code == kOk);
  Arguments arguments = with_pair("serve", directory.path());
  std::string wanted;
  SUBCASE("a certificate that is missing") {
    arguments[2] = "--tls.certificates=/none.crt";
    wanted =
        "--tls.certificates: tls.certificates: /none.crt: cannot be read (No such file or "
        "directory): write the path of a file that this process may read\n";
  }
  SUBCASE("a key that belongs to another") {
    const std::string key = directory / "other/shale.key";
    arguments[3] = "--tls.keys=" + key;
    wanted = "--tls.keys: tls.keys: " + key + ": does not belong to the certificate in ";
  }
  SUBCASE("a key that should be in the certificate's file") {
    arguments.pop_back();
    wanted = "--tls.certificates: tls.certificates: " + (directory / "shale.crt").string() +
             ": has no private key in PEM form in it";
  }
  for (const std::string command : {"serve", "check-config"}) {
    arguments[0] = command;
    const Outcome outcome = shale(arguments);
    CHECK(outcome.code == kUsage);
    CHECK_FALSE(outcome.served);
    CHECK_MESSAGE(outcome.err.starts_with(wanted), outcome.err);
  }
}

TEST_CASE("shale check-config: warns of a key that everybody can read, and goes on") {
  const TemporaryDirectory directory;
  REQUIRE(self_signed(directory.path()).code == kOk);
  std::filesystem::permissions(directory / "shale.key", std::filesystem::perms::others_read,
                               std::filesystem::perm_options::add);
  const Outcome checked = shale(with_pair("check-config", directory.path()));
  CHECK(checked.code == kOk);
  CHECK(has(checked.err, "--tls.keys: tls.keys: warning: "));
  CHECK(has(checked.err, "can be read by every user of this machine: chmod 600\n"));
}

}  // namespace
}  // namespace shale::cli

#include "server/cli/command_line.h"

#include <fstream>
#include <optional>
#include <sstream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include "server/config/print.h"
#include "server/config/settings.h"
#include "tests/support/temporary_directory.h"

namespace shale::cli {
namespace {

using Arguments = std::vector<std::string>;

struct Outcome {
  int code = -1;
  std::string out;
  std::string err;
  std::optional<config::Config> served;
};

Outcome shale(const Arguments& arguments, std::vector<std::string> environment = {},
              int serve_code = kOk) {
  Outcome outcome;
  std::ostringstream out;
  std::ostringstream err;
  outcome.code = run(arguments, {.environment = std::move(environment),
                                 .out = out,
                                 .err = err,
                                 .serve = [&](const Serving& serving) {
                                   outcome.served = serving.config;
                                   return serve_code;
                                 }});
  outcome.out = out.str();
  outcome.err = err.str();
  return outcome;
}

bool has(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

const std::string kMore = "\nRun `shale --help` or `shale COMMAND --help` for more.\n";

TEST_CASE("shale: help names the commands and the exit codes") {
  for (const std::string flag : {"--help", "-h"}) {
    const Outcome outcome = shale({flag});
    CHECK(outcome.code == kOk);
    CHECK(outcome.err.empty());
    for (const std::string_view part :
         {"serve", "check-config", "tls", "user", "policy", "version", "Exit codes: 0 done"}) {
      CHECK(has(outcome.out, part));
    }
  }
}

TEST_CASE("shale: help of the commands that read settings explains each setting once") {
  for (const std::string command : {"serve", "check-config"}) {
    const Outcome outcome = shale({command, "--help"});
    CHECK(outcome.code == kOk);
    CHECK(has(outcome.out, "--config FILE"));
    CHECK(has(outcome.out, config::flag_help()));
    const std::size_t first = outcome.out.find("--log.level,");
    REQUIRE(first != std::string::npos);
    CHECK(outcome.out.find("--log.level,", first + 1) == std::string::npos);
    CHECK_FALSE(outcome.served);
  }
}

TEST_CASE("shale: a wrong command line ends with code 2, a reason and the way to help") {
  CHECK(shale({}).err == "shale: A subcommand is required" + kMore);
  CHECK(shale({"push"}).err == "shale: there is no command `push`" + kMore);
  CHECK(shale({"--push"}).code == kUsage);
  CHECK(shale({"serve", "--push"}).err ==
        "shale: The following argument was not expected: --push" + kMore);
  CHECK(shale({"serve", "now"}).err ==
        "shale: The following argument was not expected: now" + kMore);
  CHECK(has(shale({"serve", "--listen"}).err, "--server.listen"));
  for (const Arguments& wrong : {Arguments{},
                                 {"push"},
                                 {"serve", "--push"},
                                 {"serve", "now"},
                                 {"serve", "--listen"},
                                 {"version", "--output", "yaml"},
                                 {"check-config", "--output=text"},
                                 {"serve", "version"}}) {
    const Outcome outcome = shale(wrong);
    CHECK(outcome.code == kUsage);
    CHECK(outcome.out.empty());
    CHECK_FALSE(outcome.served);
  }
}

TEST_CASE("shale serve: serves the configuration and returns the server's code") {
  const Outcome outcome = shale({"serve"}, {}, 1);
  CHECK(outcome.code == 1);
  CHECK(outcome.served == config::Config{});
  CHECK(outcome.err.empty());
}

TEST_CASE("shale serve: takes every setting as a flag") {
  for (const config::Setting& setting : config::settings()) {
    CAPTURE(setting.key);
    // The default, said explicitly; only the way there is tested here.
    Arguments arguments{"serve"};
    for (const std::string& text : setting.texts(config::Config{})) {
      arguments.push_back("--" + std::string(setting.key));
      arguments.push_back(text);
    }
    CHECK(shale(arguments).served == config::Config{});
    if (!setting.flag.empty()) {
      arguments.at(1) = "--" + std::string(setting.flag);
      CHECK(shale(arguments).served == config::Config{});
    }
  }
}

TEST_CASE("shale serve: the friendly flags set what their names say") {
  const Outcome outcome = shale({"serve", "--listen", "127.0.0.1:0", "--listen=[::1]:0",
                                 "--data-dir", "/srv", "--log-level=warn", "--log-format", "text"});
  REQUIRE(outcome.served);
  CHECK(outcome.served->server.listen.size() == 2);
  CHECK(outcome.served->server.listen.back().host == "::1");
  CHECK(outcome.served->storage.data_dir == "/srv");
  CHECK(outcome.served->log.level == config::LogLevel::kWarn);
  CHECK(outcome.served->log.format == config::LogFormat::kText);
}

TEST_CASE("shale serve: an empty value is a value") {
  for (const Arguments& arguments :
       {Arguments{"serve", "--server.external_url="}, {"serve", "--server.external_url", ""}}) {
    const Outcome outcome = shale(arguments, {"SHALE_SERVER__EXTERNAL_URL=https://a"});
    REQUIRE(outcome.served);
    CHECK(outcome.served->server.external_url.empty());
  }
}

TEST_CASE("shale serve: flags override variables") {
  const Outcome outcome = shale({"serve", "--log-level", "error"},
                                {"SHALE_LOG__LEVEL=debug", "SHALE_LOG__ACCESS=false"});
  REQUIRE(outcome.served);
  CHECK(outcome.served->log.level == config::LogLevel::kError);
  CHECK_FALSE(outcome.served->log.access);
}

TEST_CASE("shale serve: a wrong configuration is told whole and not served") {
  const Outcome outcome =
      shale({"serve", "--listen", ":5000", "--log-level", "loud"}, {"SHALE_LIMITS__PAGE_SIZE=x"});
  CHECK(outcome.code == kUsage);
  CHECK_FALSE(outcome.served);
  CHECK(outcome.out.empty());
  CHECK(has(outcome.err, "SHALE_LIMITS__PAGE_SIZE: limits.page_size: \"x\""));
  CHECK(has(outcome.err, "\n--log-level: log.level: \"loud\""));
  CHECK(has(outcome.err, "\n--listen: server.listen: :5000 can be reached from other machines"));
}

TEST_CASE("shale serve: the file is named by flag, else by SHALE_CONFIG") {
  const std::string cannot = ": cannot be read: No such file or directory\n";
  CHECK(shale({"serve", "--config", "/none/a.yaml"}).err == "/none/a.yaml" + cannot);
  CHECK(shale({"serve"}, {"SHALE_CONFIG=/none/b.yaml"}).err == "/none/b.yaml" + cannot);
  CHECK(shale({"serve", "--config", "/none/a.yaml"}, {"SHALE_CONFIG=/none/b.yaml"}).err ==
        "/none/a.yaml" + cannot);
  CHECK(shale({"serve"}, {"SHALE_CONFIG="}).served == config::Config{});
}

TEST_CASE("shale check-config: prints what is in force, in the form asked for") {
  const Arguments flags{"check-config", "--limits.page_size", "123"};
  config::Config expected;
  expected.limits.page_size = 123;

  const auto with_output = [&](const std::string& format) {
    Arguments arguments = flags;
    arguments.insert(arguments.end(), {"--output", format});
    return shale(arguments);
  };
  CHECK(shale(flags).out == config::to_yaml(expected));
  CHECK(with_output("yaml").out == config::to_yaml(expected));
  CHECK(with_output("json").out == config::to_json(expected));
  CHECK(has(with_output("table").out, "--limits.page_size\n"));
  CHECK(shale(flags).code == kOk);
  CHECK_FALSE(shale(flags).served);
}

TEST_CASE("shale check-config: problems go to standard error with code 2") {
  const Outcome outcome = shale({"check-config", "--log-level", "loud"});
  CHECK(outcome.code == kUsage);
  CHECK(outcome.out.empty());
  CHECK(outcome.err ==
        "--log-level: log.level: \"loud\" is not known here: write debug, info, warn or error\n");
}

TEST_CASE("shale check-config: users and policy that nobody could log in with are faults") {
  const testing::TemporaryDirectory directory;
  const auto write = [&](const char* name, const char* text) {
    std::ofstream(directory / name) << text;
    return (directory / name).string();
  };
  const auto check = [](const std::string& key, const std::string& file) {
    const Outcome outcome = shale({"check-config", "--" + key, file});
    CHECK(outcome.code == kUsage);
    CHECK(has(outcome.err, "--" + key + ": " + key + ": " + file));
    return outcome.err;
  };
  CHECK(has(check("auth.htpasswd", "/none/users"), "cannot be read: No such file or directory"));
  CHECK(has(check("auth.htpasswd", write("users", "# nobody\n")), "has no users"));
  CHECK(has(check("auth.htpasswd", write("users", "alice\n")), "users:1: "));
  CHECK(has(check("auth.policy", write("policy", "rules: [{allow: [read]}]\n")), "policy:1"));
  CHECK(has(check("auth.policy", "/none/policy"), "No such file"));

  // One line keeps out whom it names, and nobody else.
  const auto some =
      write("users", "alice\nbob:$2y$05$abcdefghijklmnopqrstuuPYsYVDrDVW5gSHBP8Jf/.cgNvBTgPBe\n");
  CHECK(shale({"check-config", "--auth.htpasswd", some}).code == kOk);
}

TEST_CASE("shale check-config: prints the reference") {
  const Outcome outcome = shale({"check-config", "--reference"});
  CHECK(outcome.code == kOk);
  CHECK(outcome.out == config::reference());
}

TEST_CASE("shale version: is the same in every form") {
  const Outcome json = shale({"version", "--output", "json"});
  CHECK(json.code == kOk);
  const auto parsed = nlohmann::json::parse(json.out);
  const auto version = parsed.at("version").get<std::string>();
  CHECK_FALSE(version.empty());

  CHECK(shale({"--version"}).out == "shale " + version + '\n');
  const std::string table = shale({"version"}).out;
  CHECK(table.starts_with("shale " + version + "\n\n"));
  for (const auto& [name, built_with] : parsed.at("built_with").items()) {
    CHECK_FALSE(built_with.get<std::string>().empty());
    CHECK(has(table, '\n' + name + ' '));
    CHECK(has(table, ' ' + built_with.get<std::string>() + '\n'));
  }
}

}  // namespace
}  // namespace shale::cli

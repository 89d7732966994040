#include "server/cli/usage_command.h"

#include <sstream>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "server/cli/compose.h"

namespace shale::cli {
namespace {

int shale(const std::vector<std::string>& arguments) {
  std::ostringstream out;
  std::ostringstream err;
  const int code = run(
      arguments,
      {.environment = {}, .out = out, .err = err, .serve = [](const auto&) { return kFailure; }});
  CHECK(out.str().empty());
  CHECK_FALSE(err.str().empty());
  return code;
}

TEST_CASE("shale usage and its kin: a question that means nothing is refused before it is asked") {
  using Lines = std::vector<std::vector<std::string>>;
  for (const auto& arguments : Lines{{"layers"},
                                     {"layers", "top", "0"},
                                     {"layers", "top", "1001"},
                                     {"layers", "top", "-1"},
                                     {"layers", "top", "ten"},
                                     {"image"},
                                     {"image", "find"},
                                     {"image", "find", "--layer", "x", "--base", "y"},
                                     {"quota"},
                                     {"usage", "a", "b"},
                                     {"scrub"},
                                     {"scrub", "run", "--rate", "fast"},
                                     {"scrub", "run", "--rate", "-1"},
                                     {"scrub", "status", "--rate", "1MiB"},
                                     {"usage", "--output", "xml"}}) {
    CAPTURE(arguments.back());
    CHECK(shale(arguments) == kUsage);
  }
}

TEST_CASE("shale usage and its kin: without a server they say so") {
  using Lines = std::vector<std::vector<std::string>>;
  for (auto arguments : Lines{{"usage"},
                              {"layers", "top"},
                              {"quota", "list"},
                              {"scrub", "run"},
                              {"scrub", "status"}}) {
    arguments.insert(arguments.end(), {"--socket", "/nowhere/control.sock"});
    CHECK(shale(arguments) == kFailure);
  }
}

TEST_CASE("compose: each repository gets the quotas of the namespaces that it is in") {
  config::Config config;
  const auto rules = std::make_shared<const registry::Rules>();
  CHECK_FALSE(store_policy(config, rules).quotas);
  config.quotas = {{.name_space = "team", .bytes = 5},
                   {.name_space = "team/a", .tags = 7},
                   {.name_space = "other", .bytes = 1}};
  const auto of = [&](std::string_view name) {
    std::string names;
    for (const auto& quota :
         store_policy(config, rules).quotas(*index::RepositoryName::parse(name)))
      names += quota.name_space + ' ';
    return names;
  };
  CHECK(of("team") == "team ");
  CHECK(of("team/a") == "team team/a ");
  CHECK(of("team/a/b") == "team team/a ");
  CHECK(of("team/ab") == "team ");
  CHECK(of("teams") == "");
  REQUIRE(registry_options(config, rules).quotas.size() == 3);
  CHECK(registry_options(config, rules).quotas.front().bytes == 5);
  CHECK(registry_options(config, rules).quotas.at(1).tags == 7);
}

}  // namespace
}  // namespace shale::cli

#include "server/config/print.h"

#include <fstream>
#include <iterator>
#include <regex>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include "server/config/settings.h"
#include "tests/server/config/config_file.h"

namespace shale::config {
namespace {

Loaded load_text(std::string_view text) {
  const ConfigFile file(text);
  auto loaded = load({.file = file.path()});
  if (const auto* problems = std::get_if<std::vector<Problem>>(&loaded)) {
    for (const Problem& problem : *problems)
      MESSAGE(problem.str());
  }
  REQUIRE(std::holds_alternative<Loaded>(loaded));
  return std::get<Loaded>(std::move(loaded));
}

Config unusual() {
  Config config;
  config.server.listen = {{.host = "::1", .port = 0, .path = {}},
                          {.host = {}, .port = 0, .path = "/run/a \"b\", c\\d/ü: #.sock"}};
  config.server.trusted_proxies = {std::get<Network>(Network::parse("::/0"))};
  config.server.external_url = "http://[::1]:80";
  config.storage.data_dir = "true";
  config.storage.reserve = 12345;
  config.timeouts.head = std::chrono::milliseconds{1001};
  config.timeouts.drain = {};
  config.registry.delete_blobs = false;
  config.log.level = LogLevel::kError;
  config.quotas = {{.name_space = "team-a", .bytes = std::uint64_t{100} << 30, .tags = 5000},
                   {.name_space = "team-a/b.c", .tags = 0}};
  return config;
}

TEST_CASE("to_yaml: a printed configuration reads back the same") {
  CHECK(load_text(to_yaml({})).config == Config{});
  CHECK(load_text(to_yaml(unusual())).config == unusual());
}

TEST_CASE("to_json: a printed configuration reads back the same") {
  CHECK(load_text(to_json({})).config == Config{});
  CHECK(load_text(to_json(unusual())).config == unusual());
}

TEST_CASE("to_json: values have the types that a program expects") {
  const auto json = nlohmann::json::parse(to_json({}));
  CHECK(json.at("server").at("listen") == nlohmann::json::array({"127.0.0.1:5000"}));
  CHECK(json.at("server").at("trusted_proxies") == nlohmann::json::array());
  CHECK(json.at("limits").at("head_bytes") == 32768);
  CHECK(json.at("limits").at("page_size") == 1000);
  CHECK(json.at("timeouts").at("idle") == "90s");
  CHECK(json.at("registry").at("delete_tags") == true);
  CHECK(json.at("log").at("level") == "info");
}

TEST_CASE("to_yaml: every setting is there") {
  const std::string yaml = to_yaml({});
  for (const Setting& setting : settings()) {
    const std::string margin = setting.group().empty() ? "\n  " : "\n    ";
    CHECK(yaml.find(margin + std::string(setting.name()) + ": ") != std::string::npos);
  }
}

TEST_CASE("to_table: each setting has its value and where it came from") {
  const ConfigFile file("log:\n  level: warn\n");
  const auto loaded = load({.file = file.path(), .environment = {"SHALE_LIMITS__PAGE_SIZE=222"}});
  const std::string table = file.without_directory(to_table(std::get<Loaded>(loaded)));

  const auto has = [&](const std::string& pattern) {
    return std::regex_search(table, std::regex(pattern));
  };
  CHECK(table.starts_with("SETTING "));
  CHECK(has("\nlog\\.level +warn +shale\\.yaml:2:10\n"));
  CHECK(has("\nlimits\\.page_size +222 +SHALE_LIMITS__PAGE_SIZE\n"));
  CHECK(has("\nserver\\.listen +\\[\"127\\.0\\.0\\.1:5000\"\\] +default\n"));
}

TEST_CASE("reference: it is valid as it stands and changes nothing") {
  const Loaded loaded = load_text(reference());
  CHECK(loaded.config == Config{});
  CHECK(loaded.origins.empty());
}

TEST_CASE("reference: with its lines put in force it says the defaults for every key") {
  const std::string in_force =
      std::regex_replace(reference(), std::regex("\n( +)#([a-z_]+: )"), "\n$1$2");
  const Loaded loaded = load_text(in_force);
  CHECK(loaded.config == Config{});
  CHECK(loaded.origins.size() == settings().size());
}

std::string source_file(const std::string& path) {
  std::ifstream file(SHALE_SOURCE_DIR "/" + path, std::ios::binary);
  REQUIRE(file);
  return {std::istreambuf_iterator<char>(file), {}};
}

TEST_CASE("reference: deploy/shale.yaml is what `shale check-config --reference` prints") {
  CHECK(source_file("deploy/shale.yaml") == reference());
}

TEST_CASE("README.md: the settings that it lists exist and have these defaults") {
  const std::string readme = source_file("README.md");
  const std::regex row("\n\\| `([a-z]+\\.[a-z_]+)` \\| (?:`([^`]*)`)? ?\\|");
  std::size_t rows = 0;
  for (std::sregex_iterator at(readme.begin(), readme.end(), row), end; at != end; ++at, ++rows) {
    CAPTURE((*at)[1].str());
    const Setting* setting = find_setting((*at)[1].str());
    REQUIRE(setting != nullptr);
    const std::vector<std::string> defaults = setting->texts(Config{});
    CHECK((*at)[2].str() == (defaults.empty() ? "" : defaults.front()));
  }
  CHECK(rows >= 10);
}

TEST_CASE("flag_help: every flag is there with meaning, form and default, and no line is long") {
  const std::string help = flag_help();
  for (const Setting& setting : settings()) {
    CAPTURE(setting.key);
    const std::size_t at = help.find("\n  --" + std::string(setting.key));
    REQUIRE(at != std::string::npos);
    const std::string entry = help.substr(at + 1, help.find("\n  --", at + 1) - at);
    CHECK(entry.find("Takes: ") != std::string::npos);
    CHECK(entry.find("Default: ") != std::string::npos);
    if (!setting.flag.empty()) {
      CHECK(entry.find(", --" + std::string(setting.flag) + '\n') != std::string::npos);
    }
  }
  for (std::size_t at = 0; at < help.size(); at = help.find('\n', at) + 1) {
    CHECK(help.find('\n', at) - at <= 100);
  }
}

}  // namespace
}  // namespace shale::config

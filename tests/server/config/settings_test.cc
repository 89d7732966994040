#include "server/config/settings.h"

#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include <doctest/doctest.h>

#include "server/config/load.h"
#include "tests/server/config/config_file.h"

using namespace std::chrono_literals;

namespace shale::config {
namespace {

using Texts = std::vector<std::string>;

/// For every key a value that is not its default, in the form in which it is printed.
const std::map<std::string, Texts, std::less<>> kOther = {
    {"server.listen", {"https://[::1]:7", "unix:/run/shale.sock"}},
    {"server.workers", {"3"}},
    {"server.pool_threads", {"5"}},
    {"server.pool_queue", {"77"}},
    {"server.external_url", {"https://registry.example.com:8443"}},
    {"server.trusted_proxies", {"10.0.0.0/8", "fd00::1"}},
    {"server.absolute_locations", {"true"}},
    {"server.insecure", {"anonymous-everything"}},
    {"server.control", {"/run/shale/control.sock"}},
    {"server.read_only", {"true"}},
    {"tls.certificates", {"/srv/tls/a.crt", "/srv/tls/b.crt"}},
    {"tls.keys", {"/srv/tls/a.key", "/srv/tls/b.key"}},
    {"storage.data_dir", {"/srv/shale data"}},
    {"storage.durability", {"relaxed"}},
    {"storage.reserve", {"3GiB"}},
    {"storage.block_cache", {"64MiB"}},
    {"storage.lease", {"15m"}},
    {"storage.history", {"36h"}},
    {"storage.scrub_rate", {"5MiB"}},
    {"limits.head_bytes", {"40KiB"}},
    {"limits.target_bytes", {"5000"}},
    {"limits.header_fields", {"64"}},
    {"limits.manifest_bytes", {"8MiB"}},
    {"limits.body_memory", {"32MiB"}},
    {"limits.connections", {"2048"}},
    {"limits.connections_per_address", {"32"}},
    {"limits.tags_per_push", {"11"}},
    {"limits.page_size", {"500"}},
    {"limits.catalog_default", {"50"}},
    {"timeouts.handshake", {"1400ms"}},
    {"timeouts.head", {"1500ms"}},
    {"timeouts.body_progress", {"31s"}},
    {"timeouts.write_progress", {"32s"}},
    {"timeouts.idle", {"33s"}},
    {"timeouts.drain", {"34s"}},
    {"timeouts.drain_delay", {"3s"}},
    {"timeouts.upload_expiry", {"48h"}},
    {"registry.allow_sparse", {"true"}},
    {"registry.delete_tags", {"false"}},
    {"registry.delete_manifests", {"false"}},
    {"registry.delete_blobs", {"false"}},
    {"registry.delete_uploads", {"false"}},
    {"auth.htpasswd", {"/etc/shale/htpasswd"}},
    {"auth.robots", {"true"}},
    {"auth.policy", {"/etc/shale/policy.yaml"}},
    {"auth.realm", {"Our registry"}},
    {"auth.service", {"registry.example.com"}},
    {"auth.challenge", {"bearer"}},
    {"auth.token_life", {"10m"}},
    {"auth.key_life", {"48h"}},
    {"auth.external.realm", {"https://auth.example.com/token"}},
    {"auth.external.service", {"registry.example.com"}},
    {"auth.external.issuer", {"auth.example.com"}},
    {"auth.external.certificates", {"/etc/shale/bundle.pem"}},
    {"auth.external.jwks", {"/etc/shale/jwks.json"}},
    {"auth.audit_log", {"/var/log/shale/audit.log"}},
    {"auth.audit_bytes", {"1MiB"}},
    {"auth.audit_files", {"3"}},
    {"log.format", {"json"}},
    {"log.level", {"debug"}},
    {"log.slow", {"30s"}},
    {"log.access", {"false"}},
    {"metrics.listen", {"127.0.0.1:9", "unix:/run/shale-metrics.sock"}},
    {"metrics.access", {"login"}},
    {"metrics.readers", {"prometheus", "robot:watch"}},
    {"metrics.repositories", {"50"}},
};

/// The same, written field by field.
Config other_config() {
  const auto network = [](std::string_view text) {
    return std::get<Network>(Network::parse(text));
  };
  Config config;
  config.server = {.listen = {{.host = "::1", .port = 7, .path = {}, .tls = true},
                              {.host = {}, .port = 0, .path = "/run/shale.sock"}},
                   .workers = 3,
                   .pool_threads = 5,
                   .pool_queue = 77,
                   .external_url = "https://registry.example.com:8443",
                   .trusted_proxies = {network("10.0.0.0/8"), network("fd00::1")},
                   .absolute_locations = true,
                   .insecure = "anonymous-everything",
                   .control = "/run/shale/control.sock",
                   .read_only = true};
  config.tls = {.certificates = {"/srv/tls/a.crt", "/srv/tls/b.crt"},
                .keys = {"/srv/tls/a.key", "/srv/tls/b.key"}};
  config.storage = {.data_dir = "/srv/shale data",
                    .durability = Durability::kRelaxed,
                    .reserve = std::uint64_t{3} << 30,
                    .block_cache = std::uint64_t{64} << 20,
                    .lease = 15min,
                    .history = 36h,
                    .scrub_rate = std::uint64_t{5} << 20};
  config.limits = {.head_bytes = 40 * 1024,
                   .target_bytes = 5000,
                   .header_fields = 64,
                   .manifest_bytes = std::size_t{8} << 20,
                   .body_memory = std::size_t{32} << 20,
                   .connections = 2048,
                   .connections_per_address = 32,
                   .tags_per_push = 11,
                   .page_size = 500,
                   .catalog_default = 50};
  config.timeouts = {.handshake = 1400ms,
                     .head = 1500ms,
                     .body_progress = 31s,
                     .write_progress = 32s,
                     .idle = 33s,
                     .drain = 34s,
                     .drain_delay = 3s,
                     .upload_expiry = 48h};
  config.registry = {.allow_sparse = true,
                     .delete_tags = false,
                     .delete_manifests = false,
                     .delete_blobs = false,
                     .delete_uploads = false};
  config.auth = {.htpasswd = "/etc/shale/htpasswd",
                 .robots = true,
                 .policy = "/etc/shale/policy.yaml",
                 .realm = "Our registry",
                 .service = "registry.example.com",
                 .challenge = AuthChallenge::kBearer,
                 .token_life = 10min,
                 .key_life = 48h,
                 .external = {.realm = "https://auth.example.com/token",
                              .service = "registry.example.com",
                              .issuer = "auth.example.com",
                              .certificates = "/etc/shale/bundle.pem",
                              .jwks = "/etc/shale/jwks.json"},
                 .audit_log = "/var/log/shale/audit.log",
                 .audit_bytes = std::uint64_t{1} << 20,
                 .audit_files = 3};
  config.log = {
      .format = LogFormat::kJson, .level = LogLevel::kDebug, .access = false, .slow = 30s};
  config.metrics = {.listen = {{.host = "127.0.0.1", .port = 9, .path = {}},
                               {.host = {}, .port = 0, .path = "/run/shale-metrics.sock"}},
                    .access = MetricsAccess::kLogin,
                    .readers = {"prometheus", "robot:watch"},
                    .repositories = 50};
  return config;
}

Loaded load_well(const Sources& sources) {
  auto loaded = load(sources);
  if (const auto* problems = std::get_if<std::vector<Problem>>(&loaded)) {
    for (const Problem& problem : *problems)
      MESSAGE(problem.str());
  }
  REQUIRE(std::holds_alternative<Loaded>(loaded));
  return std::get<Loaded>(std::move(loaded));
}

std::string yaml_of(const Setting& setting, const Texts& texts) {
  std::string value;
  if (setting.list) {
    for (const std::string& text : texts)
      value += "\n    - \"" + text + '"';
  } else {
    value = ' ' + texts.front();
  }
  const std::string group = setting.group().empty() ? "" : std::string(setting.group()) + ":\n    ";
  return std::string(setting.section()) + ":\n  " + group + std::string(setting.name()) + ':' +
         value + '\n';
}

std::string joined(const Texts& texts) {
  std::string all;
  for (const std::string& text : texts)
    all += (all.empty() ? "" : ",") + text;
  return all;
}

/// What has to be set as well, lest it be a conflict.
std::vector<FlagValue> companions_of(std::string_view key) {
  std::vector<FlagValue> companions;
  const auto add = [&](const std::string& other) {
    companions.push_back(
        {.flag = "--" + other, .key = other, .values = kOther.find(other)->second});
  };
  if (key.starts_with("tls.")) add("server.listen");
  if (key == "server.listen" || key == "tls.keys") add("tls.certificates");
  if (!key.starts_with("auth.external.")) return companions;
  for (const char* name : {"realm", "service", "issuer", "jwks"}) {
    if (!key.ends_with(name)) add(std::string("auth.external.") + name);
  }
  return companions;
}

TEST_CASE("settings: the table of this test has every key and no other") {
  std::size_t known = 0;
  for (const Setting& setting : settings()) {
    CHECK_MESSAGE(kOther.contains(setting.key), std::string(setting.key));
    ++known;
  }
  CHECK(kOther.size() == known);
}

TEST_CASE("settings: every key can be set by file, by variable and by flag") {
  for (const Setting& setting : settings()) {
    CAPTURE(setting.key);
    const std::string key(setting.key);
    const Texts& texts = kOther.find(setting.key)->second;
    REQUIRE(setting.texts(Config{}) != texts);

    std::vector<FlagValue> flags = companions_of(key);
    const ConfigFile file(yaml_of(setting, texts));
    const Loaded by_file = load_well({.file = file.path(), .flags = flags});
    CHECK(setting.texts(by_file.config) == texts);
    CHECK(file.without_directory(by_file.origins.at(key)).starts_with("shale.yaml:"));

    const Loaded by_variable = load_well(
        {.environment = {"PATH=/bin", setting.variable() + '=' + joined(texts)}, .flags = flags});
    CHECK(setting.texts(by_variable.config) == texts);
    CHECK(by_variable.origins.at(key) == setting.variable());
    CHECK(by_variable.config == by_file.config);

    flags.push_back({.flag = "--" + key, .key = key, .values = texts});
    const Loaded by_flag = load_well({.flags = flags});
    CHECK(setting.texts(by_flag.config) == texts);
    CHECK(by_flag.origins.at(key) == "--" + key);
    CHECK(by_flag.config == by_file.config);
    CHECK(by_flag.origins.size() == flags.size());
  }
}

TEST_CASE("settings: every key sets its own field") {
  Sources sources;
  for (const auto& [key, texts] : kOther) {
    sources.flags.push_back({.flag = "--" + key, .key = key, .values = texts});
  }
  CHECK(load_well(sources).config == other_config());
}

TEST_CASE("settings: flags override variables, and variables the file") {
  const ConfigFile file("limits:\n  page_size: 201\n  header_fields: 21\n  connections: 11\n");
  const Loaded loaded =
      load_well({.file = file.path(),
                 .environment = {"SHALE_LIMITS__PAGE_SIZE=202", "SHALE_LIMITS__HEADER_FIELDS=22"},
                 .flags = {{"--limits.page_size", "limits.page_size", {"203"}}}});
  CHECK(loaded.config.limits.page_size == 203);
  CHECK(loaded.config.limits.header_fields == 22);
  CHECK(loaded.config.limits.connections == 11);
  CHECK(loaded.origins.at("limits.page_size") == "--limits.page_size");
  CHECK(loaded.origins.at("limits.header_fields") == "SHALE_LIMITS__HEADER_FIELDS");
  CHECK(file.without_directory(loaded.origins.at("limits.connections")) == "shale.yaml:4:16");
}

TEST_CASE("settings: a list replaces the list before it, also with nothing") {
  const ConfigFile file("server:\n  trusted_proxies: [10.0.0.0/8]\n");
  CHECK(load_well({.file = file.path()}).config.server.trusted_proxies.size() == 1);
  CHECK(load_well({.file = file.path(), .environment = {"SHALE_SERVER__TRUSTED_PROXIES= "}})
            .config.server.trusted_proxies.empty());
  CHECK(load_well({.file = file.path(),
                   .flags = {{"--server.trusted_proxies", "server.trusted_proxies", {""}}}})
            .config.server.trusted_proxies.empty());
}

TEST_CASE("settings: nothing given is the default, and that is valid") {
  const Loaded loaded = load_well({});
  CHECK(loaded.config == Config{});
  CHECK(loaded.origins.empty());
}

TEST_CASE("settings: variables are named after their keys") {
  CHECK(find_setting("server.external_url")->variable() == "SHALE_SERVER__EXTERNAL_URL");
  CHECK(find_setting("log.level")->variable() == "SHALE_LOG__LEVEL");
}

TEST_CASE("settings: each explains itself in whole sentences") {
  for (const Setting& setting : settings()) {
    CAPTURE(setting.key);
    CHECK(setting.doc.ends_with('.'));
    CHECK_FALSE(setting.form.empty());
    CHECK_FALSE(setting.form.ends_with('.'));
  }
}

}  // namespace
}  // namespace shale::config

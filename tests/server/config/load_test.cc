#include "server/config/load.h"

#include <filesystem>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include <doctest/doctest.h>

#include "tests/server/config/config_file.h"

namespace shale::config {
namespace {

using Lines = std::vector<std::string>;

/// What is wrong with a file, line by line, with the directory left out.
Lines problems_in(std::string_view text) {
  const ConfigFile file(text);
  const auto loaded = load({.file = file.path()});
  Lines lines;
  if (const auto* problems = std::get_if<std::vector<Problem>>(&loaded)) {
    for (const Problem& problem : *problems)
      lines.push_back(file.without_directory(problem.str()));
  }
  return lines;
}

Lines problems_of(const Sources& sources) {
  const auto loaded = load(sources);
  Lines lines;
  if (const auto* problems = std::get_if<std::vector<Problem>>(&loaded)) {
    for (const Problem& problem : *problems)
      lines.push_back(problem.str());
  }
  return lines;
}

Lines problems_of_flag(const std::string& key, const std::vector<std::string>& values) {
  return problems_of({.flags = {{.flag = "--" + key, .key = key, .values = values}}});
}

TEST_CASE("load: a realm that would mislead clients is refused") {
  for (const char* realm : {"''", "Basic login", "my BEARER", "a\\b"}) {
    CHECK(problems_in(std::string("auth:\n  realm: ") + realm + "\n").size() == 1);
  }
}

TEST_CASE("load: files without a setting in them are fine") {
  for (const std::string_view text :
       {"", "\n", "# nothing\n", "---\n", "~\n", "{}\n", "server:\n",
        "server: {}\nlog:\n  # level: info\n", "\xEF\xBB\xBFlog:\n"}) {
    CHECK(problems_in(text).empty());
  }
}

TEST_CASE("load: one address needs no list around it") {
  CHECK(problems_in("server:\n  listen: 127.0.0.1:0\n").empty());
}

TEST_CASE("load: a wrong value is named with file, line, column, key, fault and remedy") {
  CHECK(problems_in("limits:\n  page_size: 200\n  head_bytes: lots\n") ==
        Lines{"shale.yaml:3:15: limits.head_bytes: \"lots\" is not a size: write bytes, or a whole "
              "number with KiB, MiB, GiB or TiB, such as 64KiB"});
  CHECK(problems_in("limits: {page_size: 1.5}\n") ==
        Lines{"shale.yaml:1:21: limits.page_size: \"1.5\" is not a number: write digits only, such "
              "as 100"});
  CHECK(problems_in("timeouts:\n  idle: 30\n") ==
        Lines{"shale.yaml:2:9: timeouts.idle: \"30\" is not a duration: write a whole number with "
              "ms, s, m, h or d, such as 30s"});
  CHECK(
      problems_in("registry:\n  delete_tags: yes\n") ==
      Lines{
          "shale.yaml:2:16: registry.delete_tags: \"yes\" is neither true nor false: write one of "
          "these two words"});
  CHECK(problems_in("storage:\n  durability: fast\n") ==
        Lines{"shale.yaml:2:15: storage.durability: \"fast\" is not known here: write synced or "
              "relaxed"});
  CHECK(problems_in("log:\n  level: trace\n") ==
        Lines{"shale.yaml:2:10: log.level: \"trace\" is not known here: write debug, info, warn or "
              "error"});
  CHECK(problems_in("server:\n  insecure: please\n") ==
        Lines{"shale.yaml:2:13: server.insecure: \"please\" is not known here: leave it empty, or "
              "write anonymous-everything"});
}

TEST_CASE("load: a problem is one line, whatever it repeats") {
  CHECK(
      problems_in("log:\n  level: |\n    info\n") ==
      Lines{"shale.yaml:2:10: log.level: \"info\\x0a\" is not known here: write debug, info, warn "
            "or error"});
  CHECK(problems_in("\"lo\\ng\\e[2J\": 1\n") ==
        Lines{"shale.yaml:1:1: lo\\x0ag\\x1b[2J: no such setting: `shale check-config --reference` "
              "lists them all"});
}

TEST_CASE("load: values out of their bounds say which bound") {
  CHECK(problems_in("limits:\n  head_bytes: 1023\n") ==
        Lines{"shale.yaml:2:15: limits.head_bytes: 1023 is too small: write at least 1KiB"});
  CHECK(problems_in("limits:\n  head_bytes: 2MiB\n") ==
        Lines{"shale.yaml:2:15: limits.head_bytes: 2MiB is too large: write at most 1MiB"});
  CHECK(problems_in("limits:\n  connections: 0\n") ==
        Lines{"shale.yaml:2:16: limits.connections: 0 is too small: write at least 1"});
  CHECK(problems_in("timeouts:\n  head: 2h\n") ==
        Lines{"shale.yaml:2:9: timeouts.head: 2h is too large: write at most 1h"});
  CHECK(problems_in("timeouts:\n  idle: 99ms\n") ==
        Lines{"shale.yaml:2:9: timeouts.idle: 99ms is too small: write at least 100ms"});
}

TEST_CASE("load: paths must be there and fit to be printed") {
  CHECK(problems_in("storage:\n  data_dir: \"\"\n") ==
        Lines{"shale.yaml:2:13: storage.data_dir: the path is empty: write a directory"});
  CHECK(
      problems_in("storage:\n  data_dir: \"a\\nb\"\n") ==
      Lines{"shale.yaml:2:13: storage.data_dir: the path has a control character in it: write one "
            "without"});
  CHECK(problems_in("storage:\n  data_dir: \"a\xFF\"\n") ==
        Lines{"shale.yaml:2:13: storage.data_dir: the path is not UTF-8: write one that is"});
  CHECK(
      problems_in("server:\n  listen: \"unix:/a\\0b\"\n") ==
      Lines{"shale.yaml:2:11: server.listen: the path of a unix socket has a control character in "
            "it: write one without"});
  CHECK(problems_in("storage:\n  data_dir: /srv/\u00E9\n").empty());
}

TEST_CASE("load: an external URL is an origin") {
  for (const std::string good :
       {"https://registry.example.com", "http://10.0.0.1:8080", "https://[fd00::1]",
        "https://[fd00::1]:8443", "https://localhost/"}) {
    CHECK(problems_of_flag("server.external_url", {good}) == Lines{});
  }
  for (const std::string bad :
       {"registry.example.com", "ftp://x", "https://", "https:///", "https://x/registry",
        "https://user@x", "https://x?y", "https://x#y", "https://x:0", "https://x:99999",
        "https://unix:/x", "https://x//", "https://a b", "https://https://a", "https://[x]",
        "HTTPS://x y", "https://:5"}) {
    CHECK(problems_of_flag("server.external_url", {bad}) ==
          Lines{"--server.external_url: server.external_url: \"" + bad +
                "\" is not an origin: write http:// or https://, a host and, if need be, a port, "
                "such as https://registry.example.com"});
  }
  const auto loaded =
      load({.flags = {{"--server.external_url", "server.external_url", {"https://localhost/"}}}});
  CHECK(std::get<Loaded>(loaded).config.server.external_url == "https://localhost");
}

TEST_CASE("load: unknown keys and sections are errors with what was probably meant") {
  CHECK(
      problems_in("limits:\n  hed_bytes: 1\n") ==
      Lines{"shale.yaml:2:3: limits.hed_bytes: no such setting: did you mean limits.head_bytes?"});
  CHECK(problems_in("server:\n  data_dir: /x\n") ==
        Lines{"shale.yaml:2:3: server.data_dir: no such setting: did you mean storage.data_dir?"});
  CHECK(problems_in("listen: [':5000']\n") ==
        Lines{"shale.yaml:1:1: listen: no such setting: did you mean server.listen?"});
  CHECK(problems_in("server.listen: ':5000'\n") ==
        Lines{"shale.yaml:1:1: server.listen: no such setting: write `server:` and below it, "
              "indented, `listen:`"});
  CHECK(problems_in("database: {}\n") ==
        Lines{"shale.yaml:1:1: database: no such setting: `shale check-config --reference` lists "
              "them all"});
  CHECK(problems_in(std::string(100, 'x') + ": 1\n") ==
        Lines{"shale.yaml:1:1: " + std::string(100, 'x') +
              ": no such setting: `shale check-config --reference` lists them all"});
  CHECK(problems_in("? [server]\n: x\n") ==
        Lines{"shale.yaml:1:3: a list: no such setting: `shale check-config --reference` lists "
              "them all"});
}

TEST_CASE("load: duplicate keys and sections are errors") {
  CHECK(problems_in("log:\n  level: info\n  access: true\n  level: warn\n") ==
        Lines{"shale.yaml:4:3: log.level: this setting is already above: remove one of the two"});
  CHECK(problems_in("log:\n  level: info\nlog:\n  access: true\n") ==
        Lines{"shale.yaml:3:1: log: this section is already above: merge the two"});
}

TEST_CASE("load: what has the wrong shape is told what was expected") {
  CHECK(problems_in("[a]\n") ==
        Lines{"shale.yaml:1:1: expected sections such as `server:`, found a "
              "list"});
  CHECK(problems_in("hello\n") ==
        Lines{"shale.yaml:1:1: expected sections such as `server:`, found \"hello\""});
  CHECK(problems_in("log: debug\n") ==
        Lines{"shale.yaml:1:6: log: this is a section: write its settings below it, indented, not "
              "\"debug\""});
  CHECK(problems_in("log:\n- level\n") ==
        Lines{"shale.yaml:2:1: log: this is a section: write its settings below it, indented, not "
              "a list"});
  CHECK(problems_in("log:\n  level:\n  access: true\n") ==
        Lines{"shale.yaml:2:3: log.level: expected debug, info, warn or error, found nothing"});
  CHECK(problems_in("log:\n  level: [info]\n") ==
        Lines{"shale.yaml:2:10: log.level: expected debug, info, warn or error, found a list"});
  CHECK(problems_in("server:\n  trusted_proxies: {a: b}\n") ==
        Lines{"shale.yaml:2:20: server.trusted_proxies: expected IP addresses, or networks such as "
              "10.0.0.0/8, found a map"});
  CHECK(
      problems_in("server:\n  trusted_proxies: [::1, [::2]]\n") ==
      Lines{"shale.yaml:2:26: server.trusted_proxies: expected a list of IP addresses, or networks "
            "such as 10.0.0.0/8, found a list in it"});
}

TEST_CASE("load: each wrong item of a list has its own place") {
  CHECK(problems_in(
            "server:\n  trusted_proxies:\n    - 10.0.0.0/8\n    - proxy\n    - 1.2.3.4/99\n") ==
        Lines{"shale.yaml:4:7: server.trusted_proxies: \"proxy\" is not a network: write an IP "
              "address, or a network such as 10.0.0.0/8 or fd00::/8",
              "shale.yaml:5:7: server.trusted_proxies: \"1.2.3.4/99\" has a wrong prefix length: "
              "write a number from 0 to 32"});
}

TEST_CASE("load: what is not YAML is named with its place") {
  const Lines lines = problems_in("log:\n  level: [info\nserver: }\n");
  REQUIRE(lines.size() == 1);
  CHECK(lines.front().starts_with("shale.yaml:3:"));
  CHECK(lines.front().find(": this is not YAML: ") != std::string::npos);

  CHECK(problems_in("log:\n\tlevel: info\n").front().starts_with("shale.yaml:2:"));
  CHECK(problems_in("log:\n  level: *none\n").front().starts_with("shale.yaml:2:10: "));
  CHECK(problems_in("a: " + std::string(100'000, '[')).size() == 1);
}

TEST_CASE("load: what the parser would never get past is an error") {
  for (const std::string_view text : {", a\n", "---\n, a\n", "log:\n---\n,\n"}) {
    CAPTURE(text);
    const Lines lines = problems_in(text);
    REQUIRE(lines.size() == 1);
    CHECK(lines.front().find("this is not YAML: nothing can begin with") != std::string::npos);
  }
}

TEST_CASE("load: a second document is an error") {
  CHECK(problems_in("log:\n  level: info\n---\nlog:\n  level: warn\n") ==
        Lines{"shale.yaml:4:1: a second document begins here: write one only"});
}

TEST_CASE("load: a file that cannot be read says why") {
  const ConfigFile file("");
  const std::string missing = file.directory() / "none.yaml";
  CHECK(problems_of({.file = missing}) ==
        Lines{missing + ": cannot be read: No such file or directory"});
  CHECK(problems_of({.file = file.directory()}) ==
        Lines{file.directory().string() + ": cannot be read: Is a directory"});
  CHECK(problems_in(std::string((1 << 20) + 1, '#')) ==
        Lines{"shale.yaml: is larger than 1MiB: name another file"});
}

TEST_CASE("load: variables are named in their errors") {
  CHECK(problems_of({.environment = {"SHALE_LOG__LEVEL=loud"}}) ==
        Lines{"SHALE_LOG__LEVEL: log.level: \"loud\" is not known here: write debug, info, warn or "
              "error"});
  CHECK(problems_of({.environment = {"SHALE_LIMITS__PAGE_SIZE="}}) ==
        Lines{"SHALE_LIMITS__PAGE_SIZE: limits.page_size: \"\" is not a number: write digits only, "
              "such as 100"});
  CHECK(problems_of({.environment = {"SHALE_SERVER__TRUSTED_PROXIES=::1, ,10.0.0.1"}}) ==
        Lines{"SHALE_SERVER__TRUSTED_PROXIES: server.trusted_proxies: \"\" is not a network: write "
              "an IP address, or a network such as 10.0.0.0/8 or fd00::/8"});
}

TEST_CASE("load: unknown variables are errors when they have the form of ours") {
  CHECK(problems_of({.environment = {"SHALE_SERVR__LISTEN=x"}}) ==
        Lines{"SHALE_SERVR__LISTEN: no such setting: did you mean SHALE_SERVER__LISTEN?"});
  CHECK(problems_of({.environment = {"SHALE_DATA__BASE=x"}}) ==
        Lines{"SHALE_DATA__BASE: no such setting: `shale serve --help` lists them all"});
  CHECK(problems_of({.environment = {"SHALE_SERVICE_HOST=10.0.0.1", "SHALE_PORT=tcp://10.0.0.1:80",
                                     "SHALE_CONFIG=x", "MY_SHALE__X=1", "SHALE_A__B"}}) == Lines{});
}

TEST_CASE("load: flags are named in their errors") {
  CHECK(problems_of_flag("limits.page_size", {"ten"}) ==
        Lines{"--limits.page_size: limits.page_size: \"ten\" is not a number: write digits only, "
              "such as 100"});
  CHECK(problems_of_flag("log.level", {"info", "warn"}) ==
        Lines{"--log.level: log.level: is given 2 times: give it once"});
  CHECK(problems_of({.flags = {{"--listen", "server.listen", {"a"}}}}) ==
        Lines{"--listen: server.listen: \"a\" is not an address: write host:port, [IPv6]:port, "
              ":port or unix:/path, with https:// before a host or port for TLS"});
}

TEST_CASE("load: all problems are reported, in the order of the sources and of the file") {
  const ConfigFile file("nonsense: 1\nlimits:\n  page_size: x\n  page_size: 1\nlog: [x]\n");
  Lines lines;
  const auto loaded = load({.file = file.path(),
                            .environment = {"SHALE_LOG__LEVEL=x"},
                            .flags = {{"--listen", "server.listen", {":5000"}}}});
  for (const Problem& problem : std::get<std::vector<Problem>>(loaded)) {
    lines.push_back(file.without_directory(problem.where) + ' ' + problem.key);
  }
  CHECK(lines == Lines{"shale.yaml:1:1 nonsense", "shale.yaml:3:14 limits.page_size",
                       "shale.yaml:4:3 limits.page_size", "shale.yaml:5:6 log",
                       "SHALE_LOG__LEVEL log.level", "--listen server.listen"});
}

TEST_CASE("load: a wrong value counts even where another source overrides it") {
  const ConfigFile file("log:\n  level: loud\n");
  CHECK(problems_of({.file = file.path(), .flags = {{"--log-level", "log.level", {"warn"}}}})
            .size() == 1);
}

TEST_CASE("load: settings that contradict each other are named where they stand") {
  CHECK(problems_in("limits:\n  head_bytes: 2KiB\n  target_bytes: 4KiB\n") ==
        Lines{"shale.yaml:3:17: limits.target_bytes: 4KiB is more than limits.head_bytes, 2KiB: "
              "lower this one or raise that one"});
  CHECK(problems_in("limits:\n  page_size: 50\n") ==
        Lines{"shale.yaml:2:14: limits.catalog_default: 100 is more than limits.page_size, 50: "
              "lower this one or raise that one"});
  CHECK(
      problems_of_flag("limits.connections_per_address", {"20000"}) ==
      Lines{"--limits.connections_per_address: limits.connections_per_address: 20000 is more than "
            "limits.connections, 16384: write less, or 0 for no limit"});
  CHECK(
      problems_in("timeouts:\n  upload_expiry: 1m\n  body_progress: 2m\n") ==
      Lines{"shale.yaml:2:18: timeouts.upload_expiry: 1m is less than timeouts.body_progress, 2m: "
            "raise this one, or uploads expire while they are received"});
}

TEST_CASE("load: contradictions with a refused value are not reported") {
  CHECK(problems_in("limits:\n  head_bytes: x\n  target_bytes: 64KiB\n").size() == 1);
  CHECK(problems_in("server:\n  listen: ':5000'\n  insecure: [x]\n").size() == 1);
}

TEST_CASE("load: listening needs addresses, and none twice") {
  CHECK(problems_in("server:\n  listen: []\n") ==
        Lines{"shale.yaml:2:11: server.listen: names no address: write at least one"});
  CHECK(problems_in("server:\n  listen: ['[::1]:5', 'unix:/a', '[::1]:5', 'unix:/a']\n") ==
        Lines{"shale.yaml:2:11: server.listen: names [::1]:5 twice: remove one",
              "shale.yaml:2:11: server.listen: names unix:/a twice: remove one"});
  CHECK(problems_in("server:\n  listen: ['127.0.0.1:0', '127.0.0.1:0']\n").empty());
}

TEST_CASE("load: TLS needs certificates, keys to go with them, and an address") {
  CHECK(problems_in("server:\n  listen: ['127.0.0.1:5', 'https://127.0.0.1:6']\n") ==
        Lines{"shale.yaml:2:11: server.listen: https://127.0.0.1:6 needs a certificate, and "
              "tls.certificates names none: name one, or make one with `shale tls self-signed`"});
  CHECK(problems_in("tls:\n  certificates: a\n  keys: b\n") ==
        Lines{"shale.yaml:2:17: tls.certificates: no address in server.listen speaks TLS: write "
              "https:// before those that are to, or name no certificate"});
  CHECK(
      problems_in("server:\n  listen: https://127.0.0.1:6\ntls:\n  certificates: [a, b]\n  keys: "
                  "c\n") ==
      Lines{"shale.yaml:5:9: tls.keys: there are 1 keys for 2 certificates: name one for each, in "
            "the same order, or none where each is in the file of its certificate"});
  CHECK(problems_in("tls:\n  keys: ''\n  certificates: []\n") ==
        Lines{"shale.yaml:2:9: tls.keys: the path is empty: write a file"});
  CHECK(problems_in("server:\n  listen: ['127.0.0.1:5', 'https://127.0.0.1:6']\ntls:\n  "
                    "certificates: a\n")
            .empty());
  CHECK(problems_in("server:\n  listen: ['127.0.0.1:5', 'https://127.0.0.1:5']\ntls:\n  "
                    "certificates: a\n") ==
        Lines{"shale.yaml:2:11: server.listen: names https://127.0.0.1:5 twice: remove one"});
}

TEST_CASE("load: without users only this machine is served, unless that is asked for") {
  const std::string why =
      " can be reached from other machines, and without auth.htpasswd, auth.robots or "
      "auth.external nobody can log in: set one, listen on 127.0.0.1, [::1] or a unix socket, or "
      "set server.insecure to "
      "anonymous-everything to let everybody do what auth.policy allows, and without one read, "
      "write and delete";
  CHECK(problems_in("server:\n  listen: [':5000', 'localhost:1', '192.168.0.1:5000']\n") ==
        Lines{"shale.yaml:2:11: server.listen: :5000" + why,
              "shale.yaml:2:11: server.listen: 192.168.0.1:5000" + why});
  CHECK(problems_in("server:\n  listen: [':5000']\n  insecure: anonymous-everything\n").empty());
  CHECK(problems_in("server:\n  listen: [':5000']\nauth:\n  htpasswd: users\n").empty());
  CHECK(problems_in("server:\n  listen: [':5000']\nauth:\n  robots: true\n").empty());
  CHECK(problems_in("server:\n  listen: [':5000']\nauth:\n  htpasswd: users\n  policy: rules\n")
            .empty());
  // Nobody can log in by a policy.
  CHECK(problems_in("server:\n  listen: [':5000']\nauth:\n  policy: rules\n") ==
        Lines{"shale.yaml:2:11: server.listen: :5000" + why});
  CHECK(problems_in("server:\n  listen: [':5000']\n  insecure: anonymous-everything\nauth:\n  "
                    "policy: rules\n")
            .empty());
  CHECK(problems_in("auth:\n  policy: rules\n").empty());
}

TEST_CASE("load: an external token service is whole or not there, and lets other machines in") {
  const std::string whole =
      "auth:\n  external:\n    realm: https://a.example/token\n    service: s\n    issuer: i\n"
      "    jwks: keys\n";
  CHECK(problems_in(whole).empty());
  CHECK(problems_in("server:\n  listen: [':5000']\n" + whole).empty());
  CHECK(problems_in(whole + "  challenge: bearer\n").empty());
  CHECK(problems_in(whole + "  challenge: basic\n  htpasswd: users\n").empty());
  CHECK(problems_in(whole + "  challenge: basic\n") ==
        Lines{"shale.yaml:7:14: auth.challenge: asks for passwords, and nobody has one: write auto "
              "or bearer"});
  CHECK(problems_in("auth:\n  external:\n    realm: https://a.example/token\n").size() == 3);
  CHECK(problems_in("auth:\n  external:\n    issuer: i\n").size() == 1);
  CHECK(problems_in("auth:\n  external:\n").empty());
  CHECK(problems_in("auth:\n  external: yes\n").size() == 1);
  CHECK(problems_in("auth:\n  external:\n    realms: x\n") ==
        Lines{"shale.yaml:3:5: auth.external.realms: no such setting: did you mean "
              "auth.external.realm?"});
  CHECK(problems_in("external:\n    realm: x\n").size() == 1);
  for (const char* realm : {"a.example/token", "ftp://a.example", "https://", "https:///token",
                            "'https://a.example/\"x'", "'https://a.example/ x'"}) {
    const auto problems =
        problems_in(std::string("auth:\n  external:\n    realm: ") + realm + "\n");
    REQUIRE(problems.size() == 1);
    CHECK(problems[0].find("is not where tokens can be got") != std::string::npos);
  }
}

TEST_CASE("load: quotas are read with their namespaces") {
  const ConfigFile file(
      "quotas:\n"
      "  - {namespace: team-a, bytes: 100GiB, tags: 5000}\n"
      "  - namespace: team-a/nightly__x.y\n"
      "    tags: 7\n");
  const auto loaded = load({.file = file.path()});
  REQUIRE(std::holds_alternative<Loaded>(loaded));
  CHECK(
      std::get<Loaded>(loaded).config.quotas ==
      std::vector<Quota>{{.name_space = "team-a", .bytes = std::uint64_t{100} << 30, .tags = 5000},
                         {.name_space = "team-a/nightly__x.y", .tags = 7}});
  CHECK(problems_in("quotas:\n").empty());
  CHECK(problems_in("quotas: []\n").empty());
}

TEST_CASE("load: each thing wrong in a quota is named with its place") {
  CHECK(problems_in("quotas:\n"
                    "  - {namespace: a, bytes: 1}\n"
                    "  - {namespace: a, tags: 1}\n") ==
        Lines{"shale.yaml:3:5: quotas: the namespace \"a\" has a quota in line 2 already: merge "
              "the two"});
  CHECK(problems_in("quotas:\n  - {namespace: a}\n") ==
        Lines{"shale.yaml:2:5: quotas: a quota needs `namespace:`, and `bytes:`, `tags:` or both"});
  CHECK(problems_in("quotas:\n  - {bytes: 1}\n").size() == 1);
  CHECK(problems_in("quotas:\n  - {namespace: a, tags: -1}\n") ==
        Lines{"shale.yaml:2:26: quotas: tags: \"-1\" is no whole number"});
  CHECK(problems_in("quotas:\n  - {namespace: a, size: 1}\n").size() == 1);
  CHECK(problems_in("quotas:\n  - {namespace: a, tags: 1, tags: 2}\n").size() == 1);
  CHECK(problems_in("quotas:\n  - {namespace: a, bytes: many}\n  - b\n").size() == 2);
  CHECK(problems_in("quotas: {namespace: a}\n").size() == 1);
  CHECK(problems_in("quotas: []\nquotas: []\n").size() == 1);
  for (const char* name : {"''", "A", "a/", "/a", "a//b", "a b", "-a", "a..b", "'a/**'", "[a]"}) {
    CAPTURE(name);
    CHECK(problems_in(std::string("quotas:\n  - {namespace: ") + name + ", tags: 1}\n").size() ==
          1);
  }
}

}  // namespace
}  // namespace shale::config

#include "server/config/settings.h"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <optional>
#include <utility>
#include <variant>

#include "server/config/parsed.h"
#include "server/config/setting_kinds.h"
#include "server/config/setting_texts.h"

namespace shale::config {

namespace {

using namespace std::chrono_literals;

std::string same(const std::string& text) {
  return text;
}

std::vector<Setting> server_settings() {
  using S = Config::Server;
  const auto field = [](auto member) { return Field{&Config::server, member}; };
  return {
      with_flag("listen",
                list({.key = "server.listen",
                      .form = "addresses, each host:port, [IPv6]:port, :port or unix:/path",
                      .doc = "Where to listen. `:port` is every interface, port 0 any free port. "
                             "With `https://` before it, an address speaks TLS."},
                     field(&S::listen), parse_listen_address)),
      number("server.workers", field(&S::workers), {.low = 0, .high = 1024},
             "Threads that serve connections. 0 is one for each core."),
      number("server.pool_threads", field(&S::pool_threads), {.low = 0, .high = 4096},
             "Threads for what waits for the disk. 0 lets the server choose."),
      number("server.pool_queue", field(&S::pool_queue), {.low = 1, .high = 1'000'000},
             "Requests that may wait for such a thread; more are answered with 503."),
      live(scalar(
          {.key = "server.external_url",
           .form = "http:// or https:// with a host and maybe a port, or empty",
           .doc = "How clients reach this registry. When set, every Location is absolute and "
                  "begins with it; otherwise Locations are relative."},
          field(&S::external_url), parse_external_url, same)),
      live(list(
          {.key = "server.trusted_proxies",
           .form = "IP addresses, or networks such as 10.0.0.0/8",
           .doc =
               "Peers whose Forwarded and X-Forwarded headers are believed. Whoever connects to a "
               "unix socket of this server always is."},
          field(&S::trusted_proxies), &Network::parse)),
      live(truth(
          "server.absolute_locations", field(&S::absolute_locations),
          "Makes Locations absolute without external_url: from the headers of a trusted proxy, "
          "otherwise from Host.")),
      scalar(
          {.key = "server.insecure",
           .form = "empty or anonymous-everything",
           .doc = "Without auth.htpasswd, auth.robots and auth.external nobody can log in, and the "
                  "server listens "
                  "on loopback addresses and unix sockets only. `anonymous-everything` lifts that: "
                  "everybody "
                  "who can connect may then do what auth.policy allows, and without one read, "
                  "write and delete."},
          field(&S::insecure), parse_insecure, same),
      scalar(
          {.key = "server.control",
           .form = "file, none, or empty",
           .doc = "The unix socket that commands such as `shale robot` talk to, which is for the "
                  "owner of this process alone. Empty is control.sock in storage.data_dir."},
          field(&S::control), parse_optional_path, same),
      live(truth(
          "server.read_only", field(&S::read_only),
          "Refuses pushes and deletes, also those that have begun, and frees nothing, while pulls "
          "go on and scrubs only tell. `shale read-only` changes it until the next start or "
          "change of this setting.")),
  };
}

std::vector<Setting> tls_settings() {
  using T = Config::Tls;
  const auto field = [](auto member) { return Field{&Config::tls, member}; };
  return {
      list({.key = "tls.certificates",
            .form = "files in PEM form",
            .doc = "Certificates for the addresses that speak TLS, each with those of its issuers "
                   "behind it. A client gets the one for the host that it asks for, else the "
                   "first. They are read again when they change, and on SIGHUP."},
           field(&T::certificates), parse_file),
      list({.key = "tls.keys",
            .form = "files in PEM form",
            .doc = "Their private keys, in the same order and without a passphrase. With none, "
                   "each is looked for in the file of its certificate."},
           field(&T::keys), parse_file),
  };
}

std::vector<Setting> storage_settings() {
  using S = Config::Storage;
  const auto field = [](auto member) { return Field{&Config::storage, member}; };
  return {
      with_flag("data-dir",
                scalar({.key = "storage.data_dir",
                        .form = "directory",
                        .doc = "Everything the registry keeps. Created when missing; used by one "
                               "process at a time."},
                       field(&S::data_dir), parse_path, same)),
      choice("storage.durability", field(&S::durability),
             {{"synced", Durability::kSynced}, {"relaxed", Durability::kRelaxed}},
             "`synced`: what was acknowledged survives a power cut. `relaxed` answers without "
             "waiting for the disk, and a power cut may take the last moments."),
      live(size(
          "storage.reserve", field(&S::reserve), {.low = 0, .high = std::uint64_t{1} << 50},
          "Disk space kept free: under it uploads are refused, while reads and deletes go on.")),
      size("storage.block_cache", field(&S::block_cache),
           {.low = std::uint64_t{1} << 20, .high = std::uint64_t{1} << 40},
           "Memory for metadata that is read often."),
      duration("storage.lease", field(&S::lease), {.low = 0s, .high = 24h * 30},
               "How long content that nothing refers to yet, or no longer, is kept for a client "
               "that was just told it is here. With 0 it goes at once, and such a client may have "
               "to push again."),
      live(duration(
          "storage.history", field(&S::history), {.low = 0s, .high = 24h * 3650},
          "How long a deleted manifest can be restored, with its layers, where no rule has a "
          "`history` of its own. Its bytes stay as long. With 0, deleting it is for good.")),
      live(size(
          "storage.scrub_rate", field(&S::scrub_rate), {.low = 0, .high = std::uint64_t{1} << 40},
          "How much is read a second to find damage before a client does: all blobs are compared "
          "with their digests, a day after the last time. 4MiB take half a percent of a core. With "
          "0 only `shale scrub run` does it. A scrub that is under way keeps its pace.")),
  };
}

std::vector<Setting> limits_settings() {
  using L = Config::Limits;
  constexpr std::uint64_t kKiB = 1 << 10;
  constexpr std::uint64_t kMiB = 1 << 20;
  const auto field = [](auto member) { return Field{&Config::limits, member}; };
  return {
      live(size("limits.head_bytes", field(&L::head_bytes), {.low = kKiB, .high = kMiB},
                "Request line and header fields together; more is answered with 431.")),
      live(size("limits.target_bytes", field(&L::target_bytes), {.low = kKiB, .high = kMiB},
                "The path and query of a request; more is answered with 414.")),
      live(number("limits.header_fields", field(&L::header_fields), {.low = 10, .high = 10'000},
                  "Header fields of a request; more are answered with 431.")),
      live(size("limits.manifest_bytes", field(&L::manifest_bytes),
                {.low = 4 * kKiB, .high = 64 * kMiB},
                "The largest manifest; many clients read no more than 4MiB.")),
      size("limits.body_memory", field(&L::body_memory), {.low = kMiB, .high = 1024 * kMiB},
           "Memory for bodies on their way, all connections together. Uploads get small buffers "
           "when it runs out, manifests are answered with 503."),
      live(number(
          "limits.connections", field(&L::connections), {.low = 1, .high = 1'000'000},
          "Open connections in all. Those of metrics.listen and server.control have places of "
          "their own.")),
      live(number("limits.connections_per_address", field(&L::connections_per_address),
                  {.low = 0, .high = 1'000'000},
                  "Open connections of one address. 0 is no limit.")),
      live(number("limits.tags_per_push", field(&L::tags_per_push), {.low = 1, .high = 10'000},
                  "Tags that one push of a manifest may set with `?tag=`.")),
      live(number(
          "limits.page_size", field(&L::page_size), {.low = 1, .high = 10'000},
          "Most entries of one page of tags, repositories or referrers, whatever a client asks "
          "for.")),
      live(number("limits.catalog_default", field(&L::catalog_default), {.low = 1, .high = 10'000},
                  "Entries of a catalog page for a client that names no number.")),
  };
}

std::vector<Setting> timeouts_settings() {
  using T = Config::Timeouts;
  const auto field = [](auto member) { return Field{&Config::timeouts, member}; };
  return {
      live(duration("timeouts.handshake", field(&T::handshake), {.low = 100ms, .high = 1h},
                    "All that comes before the first request of a connection with TLS.")),
      live(duration("timeouts.head", field(&T::head), {.low = 100ms, .high = 1h},
                    "From the first byte of a request to the end of its header.")),
      live(duration("timeouts.body_progress", field(&T::body_progress), {.low = 100ms, .high = 24h},
                    "Longest pause in a request body.")),
      live(duration("timeouts.write_progress", field(&T::write_progress),
                    {.low = 100ms, .high = 24h},
                    "Longest time that a client may take no byte of its answer.")),
      live(duration("timeouts.idle", field(&T::idle), {.low = 100ms, .high = 24h},
                    "How long a connection may wait for its next request.")),
      live(duration("timeouts.drain", field(&T::drain), {.low = 0ms, .high = 1h},
                    "On SIGTERM, how long requests under way may take to end.")),
      live(duration(
          "timeouts.drain_delay", field(&T::drain_delay), {.low = 0ms, .high = 1h},
          "On SIGTERM, how long everything is served on before that, while /readyz tells load "
          "balancers to send nobody any more.")),
      live(duration("timeouts.upload_expiry", field(&T::upload_expiry),
                    {.low = 1min, .high = 24h * 365},
                    "Uploads that nobody continued for so long are dropped.")),
  };
}

std::vector<Setting> registry_settings() {
  using R = Config::Registry;
  const auto field = [](auto member) { return Field{&Config::registry, member}; };
  return {
      live(truth("registry.allow_sparse", field(&R::allow_sparse),
                 "Accepts manifests that name content which is not here.")),
      live(truth("registry.delete_tags", field(&R::delete_tags),
                 "Lets clients delete tags. The manifest stays.")),
      live(truth("registry.delete_manifests", field(&R::delete_manifests),
                 "Lets clients delete manifests by digest, with the tags that name them.")),
      live(truth("registry.delete_blobs", field(&R::delete_blobs),
                 "Lets clients delete blobs that no manifest names.")),
      live(truth("registry.delete_uploads", field(&R::delete_uploads),
                 "Lets clients cancel uploads. Others go after timeouts.upload_expiry.")),
  };
}

std::vector<Setting> auth_settings() {
  using A = Config::Auth;
  using E = Config::External;
  const auto field = [](auto member) { return Field{&Config::auth, member}; };
  const auto inner = [](Setting setting, std::string E::* member, auto parse) {
    return scalar(std::move(setting), GroupField{&Config::auth, &A::external, member}, parse, same);
  };
  return {
      scalar({.key = "auth.htpasswd",
              .form = "file, or empty",
              .doc = "Users and their password hashes, as `htpasswd -B` and `shale user add` write "
                     "them. Read again when it changes."},
             field(&A::htpasswd), parse_optional_path, same),
      truth("auth.robots", field(&A::robots),
            "Makes everybody log in even without auth.htpasswd: with the robot accounts that "
            "`shale robot create` makes, which can log in beside users, too."),
      scalar(
          {.key = "auth.policy",
           .form = "file, or empty",
           .doc = "Who may do what: auth/README.md has the language. Read again when it changes. "
                  "Without it, whoever is logged in may do everything."},
          field(&A::policy), parse_optional_path, same),
      scalar({.key = "auth.realm",
              .form = "name",
              .doc = "What clients show when they ask for a password."},
             field(&A::realm), parse_realm, same),
      scalar({.key = "auth.service",
              .form = "name",
              .doc = "Whom tokens are for: those of another service are refused."},
             field(&A::service), parse_realm, same),
      choice("auth.challenge", field(&A::challenge),
             {{"auto", AuthChallenge::kAuto},
              {"basic", AuthChallenge::kBasic},
              {"bearer", AuthChallenge::kBearer}},
             "How clients are asked to log in: with a password for each request, or with a token, "
             "which is needed where some things may be pulled without a login. `auto` is bearer "
             "when the policy has such things, else basic. Both are always taken."),
      duration("auth.token_life", field(&A::token_life), {.low = 1min, .high = 24h},
               "How long a token holds. A changed password or policy ends it at once."),
      duration("auth.key_life", field(&A::key_life), {.low = 24h, .high = 24h * 3650},
               "How long a key signs tokens before another one does. It verifies those that it "
               "signed until all have expired."),
      inner({.key = "auth.external.realm",
             .form = "http:// or https:// URL, or empty",
             .doc = "Where clients get tokens, when that is not here: all challenges point there, "
                    "and what its tokens say of access is what their bearers may do, as far as "
                    "auth.policy, if there is one, allows it as well. Tokens of this server's "
                    "own are issued beside them only with auth.htpasswd or auth.robots."},
            &E::realm, parse_token_realm),
      inner({.key = "auth.external.service",
             .form = "name",
             .doc = "What that service calls this registry: the audience of its tokens."},
            &E::service, parse_service),
      inner({.key = "auth.external.issuer", .form = "name", .doc = "The issuer of its tokens."},
            &E::issuer, parse_issuer),
      inner({.key = "auth.external.certificates",
             .form = "file in PEM form, or empty",
             .doc = "Certificates whose keys sign its tokens, or that vouch for those of the "
                    "signers. Read again when it changes."},
            &E::certificates, parse_optional_path),
      inner({.key = "auth.external.jwks",
             .form = "file, or empty",
             .doc = "The keys that sign its tokens, as a JSON Web Key Set, instead or as well. "
                    "Read again when it changes."},
            &E::jwks, parse_optional_path),
      scalar(
          {.key = "auth.audit_log",
           .form = "file, or empty",
           .doc = "Where logins, tokens and decisions are written down, one JSON object per line: "
                  "who, from where, what, the outcome, the rule. Pulls that were allowed are not."},
          field(&A::audit_log), parse_optional_path, same),
      size("auth.audit_bytes", field(&A::audit_bytes),
           {.low = std::uint64_t{1} << 16, .high = std::uint64_t{1} << 40},
           "How long that file becomes before another one is begun."),
      number("auth.audit_files", field(&A::audit_files), {.low = 0, .high = 1000},
             "How many older ones are kept."),
  };
}

std::vector<Setting> log_settings() {
  using L = Config::Log;
  const auto field = [](auto member) { return Field{&Config::log, member}; };
  return {
      with_flag("log-format", choice("log.format", field(&L::format),
                                     {{"auto", LogFormat::kAuto},
                                      {"json", LogFormat::kJson},
                                      {"text", LogFormat::kText}},
                                     "`auto` is text on a terminal and JSON elsewhere.")),
      live(with_flag("log-level", choice("log.level", field(&L::level),
                                         {{"debug", LogLevel::kDebug},
                                          {"info", LogLevel::kInfo},
                                          {"warn", LogLevel::kWarn},
                                          {"error", LogLevel::kError}},
                                         "The least important lines that are written."))),
      live(duration(
          "log.slow", field(&L::slow), {.low = 0ms, .high = 24h},
          "Requests that take longer get a line with the level warn, whatever log.access "
          "says; a second more is granted for each MiB that they carry. 0 is no such line.")),
      live(truth(
          "log.access", field(&L::access),
          "Writes one line for each request. Without them, and on a higher level, only faults of "
          "the "
          "server are told with their request id.")),
  };
}

std::vector<Setting> metrics_settings() {
  using M = Config::Metrics;
  const auto field = [](auto member) { return Field{&Config::metrics, member}; };
  return {
      list({.key = "metrics.listen",
            .form = "addresses, each host:port, [IPv6]:port, :port or unix:/path",
            .doc = "Addresses that have /metrics and the health checks, for whoever can connect, "
                   "and nothing else. /metrics is where all else is as well, for those of "
                   "metrics.access."},
           field(&M::listen), parse_listen_address),
      live(choice("metrics.access", field(&M::access),
                  {{"admin", MetricsAccess::kAdmin},
                   {"login", MetricsAccess::kLogin},
                   {"everybody", MetricsAccess::kEverybody}},
                  "Who may read /metrics where somebody can log in: those who administer the whole "
                  "registry and metrics.readers, whoever is logged in, or everybody.")),
      live(list({.key = "metrics.readers",
                 .form = "names of users, and of robots as robot:NAME",
                 .doc = "Who else may read /metrics, without any other right."},
                field(&M::readers), parse_reader)),
      number("metrics.repositories", field(&M::repositories), {.low = 0, .high = 2000},
             "So many repositories have series of their own: those that are pulled from or pushed "
             "to first. All others share one. 0 is no such series."),
  };
}

std::vector<Setting> all_settings() {
  std::vector<Setting> all;
  for (const auto section :
       {server_settings, tls_settings, storage_settings, limits_settings, timeouts_settings,
        registry_settings, auth_settings, log_settings, metrics_settings}) {
    for (Setting& setting : section())
      all.push_back(std::move(setting));
  }
  return all;
}

}  // namespace

std::string Setting::variable() const {
  std::string name(kVariablePrefix);
  for (const char c : key) {
    if (c == '.') {
      name += "__";
    } else {
      name += static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
    }
  }
  return name;
}

std::span<const Setting> settings() {
  static const std::vector<Setting> all = all_settings();
  return all;
}

const Setting* find_setting(std::string_view key) {
  const auto all = settings();
  const auto found = std::ranges::find(all, key, &Setting::key);
  return found == all.end() ? nullptr : &*found;
}

}  // namespace shale::config

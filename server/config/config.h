#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "server/config/address.h"
#include "server/config/quota.h"
#include "server/config/rules.h"

namespace shale::config {

enum class Durability : std::uint8_t {
  kSynced,   ///< a commit is on disk before its 201
  kRelaxed,  ///< the last moments before a power cut may be lost
};

/// How clients are asked to log in.
enum class AuthChallenge : std::uint8_t { kAuto, kBasic, kBearer };

/// Who may read the metrics, where somebody can log in.
enum class MetricsAccess : std::uint8_t { kAdmin, kLogin, kEverybody };

enum class LogFormat : std::uint8_t { kAuto, kJson, kText };
enum class LogLevel : std::uint8_t { kDebug, kInfo, kWarn, kError };

/// Everything an operator can set. A plain value: loaded once by `load`, which
/// also proves that it makes sense, and passed around by reference. The keys are
/// the field names (`server.listen`); `settings.cc` documents each and bounds it.
struct Config {
  struct Server {
    std::vector<ListenAddress> listen = {{.host = "127.0.0.1", .port = 5000, .path = {}}};
    std::size_t workers = 0;       ///< event loops; 0: one per core
    std::size_t pool_threads = 0;  ///< threads for what blocks; 0: chosen by the server
    std::size_t pool_queue = 1024;
    std::string external_url;  ///< `https://host[:port]`, no slash at the end; empty: none
    std::vector<Network> trusted_proxies;
    /// Absolute Locations even without `external_url`: from the headers of a
    /// trusted proxy, otherwise from Host.
    bool absolute_locations = false;
    std::string insecure;  ///< empty or `anonymous-everything`
    /// The socket that commands talk to; empty: in the data directory, `none`: there is none.
    std::string control;
    bool read_only = false;  ///< nothing is pushed, deleted or freed

    bool operator==(const Server&) const = default;
  };

  struct Tls {
    std::vector<std::string> certificates;  ///< PEM files
    std::vector<std::string> keys;          ///< one for each, or none: in the same files

    bool operator==(const Tls&) const = default;
  };

  struct Storage {
    std::string data_dir = "./data";
    Durability durability = Durability::kSynced;
    std::uint64_t reserve = std::uint64_t{256} << 20;    ///< bytes of disk kept free
    std::uint64_t block_cache = std::uint64_t{8} << 20;  ///< bytes of memory
    std::chrono::milliseconds lease = std::chrono::minutes{10};
    /// Of deleted manifests, where no rule says otherwise.
    std::chrono::milliseconds history = std::chrono::hours{24 * 14};
    std::uint64_t scrub_rate = std::uint64_t{4} << 20;  ///< bytes a second; 0: only when asked

    bool operator==(const Storage&) const = default;
  };

  struct Limits {
    std::size_t head_bytes = std::size_t{32} << 10;
    std::size_t target_bytes = std::size_t{8} << 10;
    std::size_t header_fields = 100;
    std::size_t manifest_bytes = std::size_t{4} << 20;
    std::size_t body_memory = std::size_t{24} << 20;
    std::size_t connections = 16384;
    std::size_t connections_per_address = 0;  ///< 0: no limit of its own
    std::size_t tags_per_push = 100;
    std::size_t page_size = 1000;       ///< most entries of one page of any list
    std::size_t catalog_default = 100;  ///< entries of a catalog page when the client names none

    bool operator==(const Limits&) const = default;
  };

  struct Timeouts {
    std::chrono::milliseconds handshake = std::chrono::seconds{10};
    std::chrono::milliseconds head = std::chrono::seconds{10};
    std::chrono::milliseconds body_progress = std::chrono::seconds{60};
    std::chrono::milliseconds write_progress = std::chrono::seconds{60};
    std::chrono::milliseconds idle = std::chrono::seconds{90};
    std::chrono::milliseconds drain = std::chrono::seconds{20};
    /// Before that: still serving, but not ready any more.
    std::chrono::milliseconds drain_delay{0};
    std::chrono::milliseconds upload_expiry = std::chrono::hours{24};

    bool operator==(const Timeouts&) const = default;
  };

  struct Registry {
    bool allow_sparse = false;
    bool delete_tags = true;
    bool delete_manifests = true;
    bool delete_blobs = true;
    bool delete_uploads = true;  ///< that is, cancel them

    bool operator==(const Registry&) const = default;
  };

  /// A token service that is not ours: distribution's `auth.token`.
  struct External {
    std::string realm;         ///< where clients get tokens; empty: there is no such service
    std::string service;       ///< whom its tokens are for
    std::string issuer;        ///< who they say has issued them
    std::string certificates;  ///< file; empty: none
    std::string jwks;          ///< likewise

    bool operator==(const External&) const = default;
    bool configured() const noexcept { return !realm.empty(); }
  };

  struct Auth {
    std::string htpasswd;  ///< file of users; empty: none
    bool robots = false;   ///< robots may log in even where there are no users
    std::string policy;    ///< file of rules; empty: whoever is logged in may do everything
    std::string realm = "Shale";
    std::string service = "shale";  ///< whom tokens are for
    AuthChallenge challenge = AuthChallenge::kAuto;
    std::chrono::milliseconds token_life = std::chrono::minutes{5};
    std::chrono::milliseconds key_life = std::chrono::hours{24 * 30};
    External external;
    std::string audit_log;                                ///< file; empty: none
    std::uint64_t audit_bytes = std::uint64_t{64} << 20;  ///< of one file
    std::size_t audit_files = 5;                          ///< older ones that are kept

    bool operator==(const Auth&) const = default;
    /// Whether anything is asked before a request is served.
    bool configured() const noexcept { return has_users() || !policy.empty(); }
    /// Whether anybody can prove who they are.
    bool has_users() const noexcept { return has_passwords() || external.configured(); }
    /// Whether anybody can do so with a password.
    bool has_passwords() const noexcept { return !htpasswd.empty() || robots; }
  };

  struct Log {
    LogFormat format = LogFormat::kAuto;
    LogLevel level = LogLevel::kInfo;
    bool access = true;  ///< one line for each request
    /// Requests that take longer get a line in any case; 0: none does.
    std::chrono::milliseconds slow = std::chrono::seconds{10};

    bool operator==(const Log&) const = default;
  };

  struct Metrics {
    std::vector<ListenAddress> listen;  ///< for health and metrics alone; none: with all else
    MetricsAccess access = MetricsAccess::kAdmin;
    std::vector<std::string> readers;  ///< users, and robots as `robot:name`
    std::size_t repositories = 0;      ///< how many have series of their own

    bool operator==(const Metrics&) const = default;
  };

  Server server;
  Tls tls;
  Storage storage;
  Limits limits;
  Timeouts timeouts;
  Registry registry;
  Auth auth;
  Log log;
  Metrics metrics;
  std::vector<Quota> quotas;  ///< of the file alone, each namespace once
  std::vector<Rule> rules;    ///< not in `settings.cc`: see `rules_yaml.h`

  bool operator==(const Config&) const = default;
};

}  // namespace shale::config

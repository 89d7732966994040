#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "server/config/config.h"

namespace shale::cli::doctor {

/// Where a server is, as the first half of a URL says it.
struct Origin {
  bool tls = false;
  std::string host;  ///< in lower case, an IPv6 address without its brackets
  std::string port;

  /// `https://registry.example`: without the port where it goes without saying.
  std::string str() const;
  /// What a Host field says.
  std::string authority() const;
  /// Whether only this machine is meant.
  bool local() const;

  bool operator==(const Origin&) const = default;
};

/// An absolute URL, taken apart; `target` is its path and query. None for all else.
struct Url {
  Origin origin;
  std::string target;

  static std::optional<Url> parse(std::string_view text);
};

/// What somebody writes for a registry: a URL without a path, or `host[:port]`, which is
/// https unless it is this machine, as it is for docker.
std::optional<Origin> parse_instance(std::string_view text);

/// Where the clients of that configuration go: its `external_url`, else the first address
/// that it listens on with TCP. None when there is none, or when that leaves the port open.
std::optional<Origin> instance_of(const config::Config& config);

}  // namespace shale::cli::doctor

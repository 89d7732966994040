#include "server/config/check.h"

#include <algorithm>
#include <cstddef>

#include "server/config/units.h"

namespace shale::config {

namespace {

using Conflicts = std::vector<Conflict>;

void check_listen(const Config& config, Conflicts& found) {
  const auto& listen = config.server.listen;
  if (listen.empty()) {
    found.push_back({{"server.listen"}, "names no address: write at least one"});
  }
  for (std::size_t i = 0; i < listen.size(); ++i) {
    const bool any_port = !listen[i].unix_socket() && listen[i].port == 0;
    const auto end = listen.begin() + static_cast<std::ptrdiff_t>(i);
    const auto same = [&](const ListenAddress& other) {
      return other.host == listen[i].host && other.port == listen[i].port &&
             other.path == listen[i].path;
    };
    if (!any_port && std::find_if(listen.begin(), end, same) != end) {
      found.push_back({{"server.listen"}, "names " + listen[i].str() + " twice: remove one"});
    }
  }
}

/// Where nobody can log in, whoever can connect is as good as anybody: a policy alone
/// tells no one from another.
void check_reachability(const Config& config, Conflicts& found) {
  if (config.auth.has_users()) return;
  if (!config.server.insecure.empty()) return;
  for (const ListenAddress& address : config.server.listen) {
    if (address.local()) continue;
    found.push_back(
        {{"server.listen", "server.insecure"},
         address.str() + " can be reached from other machines, and without auth.htpasswd, " +
             "auth.robots or auth.external nobody can log in: set one, listen on 127.0.0.1, [::1] "
             "or a unix socket, "
             "or set " +
             "server.insecure to anonymous-everything to let everybody do what auth.policy " +
             "allows, and without one read, write and delete"});
  }
}

void check_tls(const Config& config, Conflicts& found) {
  const Config::Tls& tls = config.tls;
  const auto& listen = config.server.listen;
  const auto speaking = std::ranges::find_if(listen, &ListenAddress::tls);
  if (speaking != listen.end() && tls.certificates.empty()) {
    found.push_back({{"server.listen", "tls.certificates"},
                     speaking->str() + " needs a certificate, and tls.certificates names none: " +
                         "name one, or make one with `shale tls self-signed`"});
  }
  if (speaking == listen.end() && !tls.certificates.empty()) {
    found.push_back({{"tls.certificates", "server.listen"},
                     "no address in server.listen speaks TLS: write https:// before those that "
                     "are to, or name no certificate"});
  }
  if (!tls.keys.empty() && tls.keys.size() != tls.certificates.size()) {
    found.push_back(
        {{"tls.keys", "tls.certificates"},
         "there are " + std::to_string(tls.keys.size()) + " keys for " +
             std::to_string(tls.certificates.size()) +
             " certificates: name one for each, in the same order, or none where each " +
             "is in the file of its certificate"});
  }
}

void check_external(const Config& config, Conflicts& found) {
  const Config::External& external = config.auth.external;
  const bool any = !external.service.empty() || !external.issuer.empty() ||
                   !external.certificates.empty() || !external.jwks.empty();
  if (!external.configured()) {
    if (any) {
      found.push_back({{"auth.external.realm"},
                       "is empty, and there are other settings of auth.external: write where "
                       "clients get tokens, or none of them"});
    }
    return;
  }
  if (external.service.empty()) {
    found.push_back({{"auth.external.service", "auth.external.realm"},
                     "is empty: write the audience of the tokens that are issued there"});
  }
  if (external.issuer.empty()) {
    found.push_back({{"auth.external.issuer", "auth.external.realm"},
                     "is empty: write who those tokens say has issued them"});
  }
  if (external.certificates.empty() && external.jwks.empty()) {
    found.push_back({{"auth.external.certificates", "auth.external.jwks", "auth.external.realm"},
                     "no key is named that could verify those tokens: name one of the two files"});
  }
  if (config.auth.challenge == AuthChallenge::kBasic && !config.auth.has_passwords()) {
    found.push_back({{"auth.challenge", "auth.external.realm"},
                     "asks for passwords, and nobody has one: write auto or bearer"});
  }
}

void check_limits(const Config& config, Conflicts& found) {
  const Config::Limits& limits = config.limits;
  if (limits.target_bytes > limits.head_bytes) {
    found.push_back({{"limits.target_bytes", "limits.head_bytes"},
                     format_size(limits.target_bytes) + " is more than limits.head_bytes, " +
                         format_size(limits.head_bytes) + ": lower this one or raise that one"});
  }
  if (limits.manifest_bytes > limits.body_memory) {
    found.push_back({{"limits.manifest_bytes", "limits.body_memory"},
                     format_size(limits.manifest_bytes) + " is more than limits.body_memory, " +
                         format_size(limits.body_memory) + ": lower this one or raise that one"});
  }
  if (limits.catalog_default > limits.page_size) {
    found.push_back({{"limits.catalog_default", "limits.page_size"},
                     std::to_string(limits.catalog_default) + " is more than limits.page_size, " +
                         std::to_string(limits.page_size) + ": lower this one or raise that one"});
  }
  if (limits.connections_per_address > limits.connections) {
    found.push_back({{"limits.connections_per_address", "limits.connections"},
                     std::to_string(limits.connections_per_address) +
                         " is more than limits.connections, " + std::to_string(limits.connections) +
                         ": write less, or 0 for no limit"});
  }
}

void check_timeouts(const Config& config, Conflicts& found) {
  const Config::Timeouts& timeouts = config.timeouts;
  if (timeouts.upload_expiry < timeouts.body_progress) {
    found.push_back({{"timeouts.upload_expiry", "timeouts.body_progress"},
                     format_duration(timeouts.upload_expiry) +
                         " is less than timeouts.body_progress, " +
                         format_duration(timeouts.body_progress) +
                         ": raise this one, or uploads expire while they are received"});
  }
}

}  // namespace

std::vector<Conflict> conflicts(const Config& config) {
  Conflicts found;
  for (const auto check : {check_listen, check_reachability, check_tls, check_external,
                           check_limits, check_timeouts}) {
    check(config, found);
  }
  return found;
}

}  // namespace shale::config

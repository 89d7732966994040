#include "server/cli/exposure.h"

#include <algorithm>
#include <filesystem>
#include <system_error>

namespace shale::cli {
namespace {

/// The first address that other machines reach without TLS stands for all of them.
void look_at_addresses(const config::Config& config, std::vector<std::string>& found) {
  if (!config.auth.has_users()) return;
  const auto open = std::ranges::find_if(
      config.server.listen, [](const auto& address) { return !address.tls && !address.local(); });
  if (open == config.server.listen.end()) return;
  found.push_back("server.listen: " + open->str() +
                  " can be reached from other machines without TLS, so passwords and tokens cross "
                  "the network in the clear: write https:// before it, or see to it that nothing "
                  "but a proxy that speaks TLS can reach it");
}

void look_at_users(const config::Config& config, std::vector<std::string>& found) {
  using std::filesystem::perms;
  if (config.auth.htpasswd.empty()) return;
  std::error_code unseen;  // whoever reads the file tells of that
  const perms mode = std::filesystem::status(config.auth.htpasswd, unseen).permissions();
  if (unseen) return;
  const std::string file = "auth.htpasswd: " + config.auth.htpasswd;
  if ((mode & perms::others_write) != perms::none) {
    found.push_back(file +
                    " can be written by every user of this machine, who can so let in "
                    "anybody: chmod 640, or 600");
  } else if ((mode & perms::others_read) != perms::none) {
    found.push_back(file +
                    " can be read by every user of this machine, who can so try passwords "
                    "against its hashes: chmod 640, or 600");
  }
}

}  // namespace

std::vector<std::string> exposures(const config::Config& config) {
  std::vector<std::string> found;
  look_at_addresses(config, found);
  look_at_users(config, found);
  return found;
}

}  // namespace shale::cli

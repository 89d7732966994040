#include "server/cli/access_check.h"

#include <cerrno>
#include <cstring>
#include <string>
#include <utility>
#include <variant>

#include "auth/files.h"
#include "auth/htpasswd.h"
#include "server/cli/policy.h"

namespace shale::cli {
namespace {

std::vector<std::string> faults_of_users(const std::string& path) {
  const auto file = auth::read_file(path);
  if (!file) {
    // NOLINTNEXTLINE(concurrency-mt-unsafe): strerror of glibc is safe for known errors
    return {path + " cannot be read: " + std::strerror(errno) +
            ": the server's user has to; `shale user add` makes one"};
  }
  const auth::Htpasswd parsed = auth::parse_htpasswd(file->text);
  if (!parsed.users.empty()) return {};
  std::vector<std::string> faults = {path + " has no users: `shale user add` adds one"};
  for (const auth::HtpasswdProblem& problem : parsed.problems)
    faults.push_back(path + ':' + std::to_string(problem.line) + ": " + problem.what);
  return faults;
}

}  // namespace

std::vector<config::Problem> check_access(const config::Loaded& loaded) {
  std::vector<config::Problem> problems;
  const auto add = [&](const std::string& key, std::vector<std::string> faults) {
    const auto origin = loaded.origins.find(key);
    for (std::string& fault : faults) {
      problems.push_back(
          {origin == loaded.origins.end() ? "default" : origin->second, key, std::move(fault)});
    }
  };
  const config::Config::Auth& auth = loaded.config.auth;
  if (!auth.htpasswd.empty()) add("auth.htpasswd", faults_of_users(auth.htpasswd));
  auto policy = load_policy(auth.policy);
  if (auto* faults = std::get_if<std::vector<std::string>>(&policy)) {
    add("auth.policy", std::move(*faults));
  }
  return problems;
}

}  // namespace shale::cli

#pragma once

#include <optional>
#include <string>
#include <vector>

#include "server/cli/command_line.h"

namespace shale::cli {

// What `shale user` and `shale policy` do. Each returns an exit code.

int add_user(const std::string& file, const std::string& name, const Surroundings& surroundings);
int remove_user(const std::string& file, const std::string& name, const Surroundings& surroundings);
int list_users(const std::string& file, const Surroundings& surroundings);

struct PolicyQuestion {
  std::string who;  ///< a user, `robot:NAME` or `anonymous`
  std::string action;
  std::string repository;
};
/// Says which rule decides, and exits with `kFailure` when it denies.
int test_policy(const std::string& file, const PolicyQuestion& question,
                const Surroundings& surroundings);

}  // namespace shale::cli

#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "server/cli/doctor/reach.h"
#include "server/cli/doctor/report.h"
#include "server/cli/doctor/visitor.h"

namespace shale::cli::doctor {

/// How a registry asks for a login.
struct Challenge {
  std::string scheme;  ///< in lower case: `basic`, `bearer`
  std::string realm;
  std::string service;

  static std::optional<Challenge> parse(std::string_view field);
};

/// What a visitor is to a registry.
enum class Standing : std::uint8_t {
  kNoRegistry,  ///< there is none
  kOutside,     ///< it wants a login that is not there or not good
  kNobody,      ///< let in without a name
  kLoggedIn,
};

/// Whether `/v2/` answers as a registry does, and whether its challenge can be followed:
/// with `login`, or as nobody. The visitor is authorized for `repository` afterwards, if it
/// could be.
Standing check_registry(Visitor& visitor, const Reach& reach, const std::optional<Login>& login,
                        const std::string& repository, Report& report);

/// Whether it is Shale, which one, and whether it is ready.
void check_version(const Visitor& visitor, Report& report);

/// Of the answers to /api/v1/status and to /api/v1/gc. Gives whether it may be Shale.
bool judge_version(const Visitor::Answer& status, const Visitor::Answer& older, Report& report);
/// Of the answer to /readyz.
void judge_ready(const Visitor::Answer& ready, Report& report);

/// What an answer says, in one line: the status and its words, or the beginning of its body.
std::string told(const Visitor::Answer& answer);

}  // namespace shale::cli::doctor

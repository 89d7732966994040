#pragma once

#include <chrono>
#include <string>

#include "server/cli/doctor/report.h"
#include "server/cli/doctor/visitor.h"
#include "server/net/tls_caller.h"

namespace shale::cli::doctor {

struct Reach {
  bool reached = false;
  bool trusted = false;  ///< a password may be sent there
};

/// Whether the instance can be connected to, and whether its certificate is good.
Reach check_reach(Visitor& visitor, Report& report);

/// What to say of certificates at the time `now`. Gives whether clients take them.
bool check_chain(const net::ChainJudgement& chain, const Origin& origin,
                 std::chrono::sys_seconds now, Report& report);

/// How far the server's clock, as its Date field shows it, is from `now`. A Date without a
/// sense is a warning.
void check_clock(const std::string& date, std::chrono::sys_seconds now, Report& report);

}  // namespace shale::cli::doctor

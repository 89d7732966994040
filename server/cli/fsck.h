#pragma once

#include <iosfwd>

#include "server/cli/command_line.h"
#include "server/config/config.h"

namespace shale::cli {

/// Opens what the configuration names, which no server may have open, compares everything
/// with what is known of it, and ends with one line of proof on `out`, or with what is wrong
/// and `kFailure`. Progress goes to `err`.
int fsck(const config::Config& config, const FsckOptions& options, std::ostream& out,
         std::ostream& err);

}  // namespace shale::cli

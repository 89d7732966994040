#pragma once

#include "server/cli/command_line.h"
#include "server/cli/house.h"

namespace shale::cli {

/// Runs the registry until SIGTERM or SIGINT and returns the exit code of the
/// process. Exceptions of the start-up leave it; `main` reports them.
int serve(const Serving& serving);
int serve_on(const Serving& serving, const Ground& ground);

}  // namespace shale::cli

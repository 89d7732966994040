#pragma once

#include "server/config/config.h"

namespace shale::cli {

/// Runs the registry until SIGTERM or SIGINT and returns the exit code of the
/// process. Exceptions of the start-up leave it; `main` reports them.
int serve(const config::Config& config);

}  // namespace shale::cli

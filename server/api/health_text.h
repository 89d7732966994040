#pragma once

#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "server/api/operations.h"

namespace shale::api {

/// A list, as health checks and the status show it.
nlohmann::ordered_json checks_json(const std::vector<HealthCheck>& checks);

}  // namespace shale::api

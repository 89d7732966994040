#pragma once

#include <string>

#include "server/config/assignment.h"

namespace YAML {  // NOLINT(readability-identifier-naming): not ours
class Node;
}  // namespace YAML

namespace shale::config {

/// Reads what stands under `quotas:` in the file at `path`: a `QuotaList`, or what is wrong
/// with each entry.
void read_quotas(const YAML::Node& list, const std::string& path, Reading& reading);

}  // namespace shale::config

#pragma once

#include <map>
#include <string>

#include "server/index/metadata_store.h"
#include "server/index/rocks/database.h"

namespace shale::index::rocks {

/// By namespace; "" is all of them.
using NamespaceUsage = std::map<std::string, Usage>;

/// What repositories use, for each namespace that one of them is in.
NamespaceUsage sum_up(const std::map<std::string, Usage>& by_repository);

/// The step of `usage` from format 1: rows of five counters get a sixth, and the
/// namespaces theirs. Synced; done once more it changes nothing. No commit may run
/// beside it. It reads one row for each repository, and its memory grows with them.
Result<void> upgrade_usage(const Database& database);

}  // namespace shale::index::rocks

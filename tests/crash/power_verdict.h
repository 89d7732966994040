#pragma once

#include <optional>
#include <string>

#include "tests/crash/power_life.h"

namespace shale::testing::power {

/// Starts a registry on what a power cut at `cut` left, `disk`, and compares it with
/// `life` until then. What is wrong, or none:
/// - an acknowledged commit is missing, or one is there that had not begun;
/// - what the store says is not what it said after one of its commits;
/// - its own check finds contradictions;
/// - a linked blob cannot be read with the right bytes, or any blob has others;
/// - leftovers of uploads do not expire, or it cannot be pushed to any more.
std::optional<std::string> verdict(const Life& life, Position cut, const Disk& disk);

}  // namespace shale::testing::power

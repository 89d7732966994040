#pragma once

#include <memory>
#include <string>

#include "blobstore/result.h"
#include "server/registry/turnstile.h"

namespace shale::registry {

/// The right to read everything, or `kUnavailable` while somebody else has it: a client is
/// told to come back rather than left waiting.
inline Result<std::unique_ptr<Turnstile::Turn>> take_scan_turn(Turnstile& scans) {
  auto turn = Turnstile::Turn::without_waiting(scans);
  if (turn) return turn;
  const std::string what = "another question that reads everything is being answered";
  return Error{Errc::kUnavailable, what, {what + ": ask again when it is done"}};
}

}  // namespace shale::registry

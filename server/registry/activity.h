#pragma once

#include <cstdint>

namespace shale::registry {

/// What has been done since the start, and what is open now.
struct Activity {
  std::uint64_t mounts = 0;         ///< blobs that were shown in a repository without an upload
  std::uint64_t mounted_bytes = 0;  ///< of those, which nobody had to send
  std::uint64_t uploads_begun = 0;
  std::uint64_t uploads_finished = 0;   ///< became a blob
  std::uint64_t uploads_cancelled = 0;  ///< by their client
  std::uint64_t uploads_expired = 0;    ///< nobody continued them
  std::uint64_t uploads_open = 0;       ///< now; those that a restart left included
};

}  // namespace shale::registry

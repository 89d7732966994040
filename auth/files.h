#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace shale::auth {

/// What tells one state of a file from another; the default is that of none.
struct FileStamp {
  std::uint64_t device = 0;
  std::uint64_t inode = 0;
  std::int64_t size = -1;
  std::int64_t written = 0;  ///< nanoseconds since 1970

  bool operator==(const FileStamp&) const = default;
};

/// Of what lies at `path`, or with `errno` the default when nothing can be seen there.
FileStamp stamp_of(const std::string& path);

/// A file, all of it from one moment's opening: whatever replaces it meanwhile, text and
/// owner belong together.
struct FileContent {
  std::string text;
  FileStamp stamp;
  unsigned mode = 0;  ///< the permission bits
  unsigned owner = 0;
  unsigned group = 0;
};

/// None when it cannot be read, which `errno` tells more of, or is no regular file. Does
/// not wait for anybody.
std::optional<FileContent> read_file(const std::string& path);

/// Makes a file for its owner's eyes alone in place of what lies at `path`, following no
/// link, and opens it for writing. -1 with `errno` when it cannot; the caller closes it.
int make_private_file(const std::string& path);

}  // namespace shale::auth

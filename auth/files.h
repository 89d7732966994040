#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

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
/// All of it, or false with `errno`.
bool write_all(int file, std::string_view text);

/// Why something cannot be done with a file, and what helps; it names the file.
struct FileFault {
  std::string why;
};

/// What is for its owner's eyes alone, and `FileFault` when it is not: a link, or a file
/// that group or others may do anything with, proves nothing.
std::variant<FileContent, FileFault> read_private_file(const std::string& path);

/// Puts `text` at `path` for its owner's eyes alone: all of it or, when that fails or the
/// power goes, what was there before. It is on disk when this returns. One at a time.
std::optional<FileFault> write_private_file(const std::string& path, std::string_view text);
/// Removes it, for good when this returns; what is not there is no fault.
std::optional<FileFault> remove_file(const std::string& path);
/// So that names that came and went in it stay so through a power cut.
std::optional<FileFault> sync_directory(const std::string& path);
/// The same for the directory that the file is in.
std::optional<FileFault> sync_directory_of(const std::string& path);

}  // namespace shale::auth

#pragma once

#include <filesystem>
#include <string>

#include "blobstore/file/file.h"

namespace shale::file {

/// Opens the directory at `path`, after making it and those above it where they
/// are missing. What was made survives a power cut once this returns.
Result<File> open_root(FileSystem& files, const std::filesystem::path& path);

/// Opens the directory `name` in `parent`, after making it where it is missing.
/// It survives a power cut once `parent` is synced, which is left to the caller.
/// A symbolic link is refused, and so is another filesystem: renaming has to work
/// between all directories of a store. So is one that we may not write to.
Result<File> open_directory(const File& parent, const std::string& name);

/// Makes the directory `name` in `parent` unless it is there already.
Result<void> make_directory(const File& parent, const std::string& name);

}  // namespace shale::file

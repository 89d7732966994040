#pragma once

#include <ctime>
#include <filesystem>
#include <string>
#include <vector>

#include "blobstore/clock.h"
#include "blobstore/file/file.h"

namespace shale::file {

/// Opens the directory at `path`, after making it and those above it where they
/// are missing. Their names survive a power cut once this returns. `first` is the
/// first name that the caller makes in it: while that one is missing, directories
/// that are there already are not trusted to be durable.
Result<File> open_root(FileSystem& files, const std::filesystem::path& path,
                       const std::string& first);

/// Opens the directory `name` in `parent`, after making it where it is missing.
/// It survives a power cut once `parent` is synced, which is left to the caller.
/// A symbolic link is refused, and so is another filesystem: renaming has to work
/// between all directories of a store. So is one that we may not write to.
Result<File> open_directory(const File& parent, const std::string& name);

/// Makes the directory `name` in `parent` unless it is there already.
Result<void> make_directory(const File& parent, const std::string& name);

/// The names in `directory` but for "." and "..", in no order. Those that come or go
/// meanwhile may be among them or not.
Result<std::vector<std::string>> list_names(const File& directory);

/// Milliseconds of a time as the kernel tells it.
Time time_of(const struct ::timespec& time);

}  // namespace shale::file

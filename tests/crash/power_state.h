#pragma once

#include <filesystem>
#include <map>
#include <random>
#include <set>
#include <string>

#include "tests/crash/power_record.h"

namespace shale::testing::power {

/// What a disk holds: files with their bytes and directories, by path.
struct Disk {
  std::set<std::string> directories;
  std::map<std::string, std::string> files;

  friend bool operator==(const Disk&, const Disk&) = default;
};

/// How a disk may treat what it did not promise to keep.
enum class Fate : std::uint8_t {
  kNothing,     ///< all of it is lost
  kEverything,  ///< none is, as when only the process was killed
  kSome,        ///< each page and each directory for itself
};

/// One state in which a power cut after the first `cut` operations of `record` may
/// leave the disk.
///
/// What is certain: the bytes of a file as they were when a sync of the file
/// began that has ended, and likewise the entries of a directory. A sync of a file
/// says nothing of its name. Everything else happens or does not:
/// - each page of 4 KiB shows some moment since that sync. The file ends where the
///   last page does that shows anything of it, and there the last write may be torn
///   at any byte; or the file ends later within a page that was there already: zeros
///   follow then;
/// - each directory shows some moment since its sync, so its entries come and go in
///   their order. A rename between two has happened in both or in neither, as
///   journalling filesystems have it.
Disk after_power_cut(const Record& record, Position cut, Fate fate, std::mt19937_64& random);

/// Makes `disk` below `base`, which is an empty directory.
void make(const Disk& disk, const std::filesystem::path& base);

/// A record that leads to `disk` in any case.
Record record_of(const Disk& disk);

}  // namespace shale::testing::power

#include "blobstore/file/directories.h"

#include <cerrno>
#include <chrono>
#include <memory>
#include <string_view>

#include <fcntl.h>

#include <dirent.h>

namespace shale::file {
namespace {

struct CloseStream {
  void operator()(::DIR* stream) const noexcept { ::closedir(stream); }
};

constexpr ::mode_t kDirectoryMode = 0750;
constexpr int kDirectoryFlags = O_RDONLY | O_DIRECTORY;

/// Makes what is missing of `path`, each directory durably. One that is there may
/// have been made by a process that died before it could sync, so those above are
/// synced too, unless `established` says that this was seen to before. What is
/// closed to us up there nobody of ours has made.
Result<void> make_parents(FileSystem& files, const std::filesystem::path& path, bool established) {
  std::filesystem::path above = path.is_absolute() ? path.root_path() : ".";
  std::filesystem::path reached = path.root_path();
  for (const auto& part : path.relative_path()) {
    if (part.empty()) continue;  // a slash at the end
    reached /= part;
    const int made = files.make_directory_at(AT_FDCWD, reached.c_str(), kDirectoryMode);
    if (made == 0 || !established) {
      const int descriptor = files.open_at(AT_FDCWD, above.c_str(), kDirectoryFlags, 0);
      if (descriptor >= 0) {
        SHALE_TRY(File(files, descriptor, above.string()).sync());
      } else if (made == 0) {
        return system_error(-descriptor, "open", above.string());
      }
    }
    // Whether a directory that could not be made is there shows when it is opened.
    above = reached;
  }
  return {};
}

Result<void> check_writable(const File& directory) {
  const int answer = directory.files().may_write(directory.descriptor());
  if (answer < 0) return system_error(-answer, "write to", directory.path());
  return {};
}

Result<void> check_same_filesystem(const File& parent, const File& child) {
  SHALE_TRY_ASSIGN(const auto above, parent.status());
  SHALE_TRY_ASSIGN(const auto below, child.status());
  if (above.st_dev != below.st_dev) {
    return Error{Errc::kIo, child.path() + " is on another filesystem than " + parent.path() +
                                ": blobs and uploads have to be on one; mount it one level "
                                "higher, at " +
                                parent.path()};
  }
  return {};
}

}  // namespace

Result<File> open_root(FileSystem& files, const std::filesystem::path& path,
                       const std::string& first) {
  struct ::stat status{};
  const bool established = files.status_at(AT_FDCWD, (path / first).c_str(), status) == 0;
  SHALE_TRY(make_parents(files, path, established));
  const int descriptor = files.open_at(AT_FDCWD, path.c_str(), kDirectoryFlags, 0);
  if (descriptor < 0) return system_error(-descriptor, "open the directory", path.string());
  File root(files, descriptor, path.string());
  SHALE_TRY(check_writable(root));
  return root;
}

Result<void> make_directory(const File& parent, const std::string& name) {
  const int made =
      parent.files().make_directory_at(parent.descriptor(), name.c_str(), kDirectoryMode);
  if (made < 0 && made != -EEXIST) {
    return system_error(-made, "make the directory", parent.path() + "/" + name);
  }
  return {};
}

Result<File> open_directory(const File& parent, const std::string& name) {
  SHALE_TRY(make_directory(parent, name));
  const std::string path = parent.path() + "/" + name;
  const int descriptor =
      parent.files().open_at(parent.descriptor(), name.c_str(), kDirectoryFlags | O_NOFOLLOW, 0);
  if (descriptor == -ENOTDIR || descriptor == -ELOOP) {
    return Error{Errc::kIo, path +
                                " is not a directory of its own, but a file or a symbolic "
                                "link: move it away, or mount the storage at " +
                                parent.path()};
  }
  if (descriptor < 0) return system_error(-descriptor, "open the directory", path);
  File directory(parent.files(), descriptor, path);
  SHALE_TRY(check_same_filesystem(parent, directory));
  SHALE_TRY(check_writable(directory));
  return directory;
}

Result<std::vector<std::string>> list_names(const File& directory) {
  FileSystem& files = directory.files();
  // A descriptor of its own, because reading a directory moves its position.
  const int descriptor = files.open_at(directory.descriptor(), ".", O_RDONLY | O_DIRECTORY, 0);
  if (descriptor < 0) return system_error(-descriptor, "open", directory.path());
  const std::unique_ptr<::DIR, CloseStream> stream(::fdopendir(descriptor));
  if (!stream) {
    const int error = errno;
    files.close(descriptor);
    return system_error(error, "list", directory.path());
  }
  std::vector<std::string> names;
  for (;;) {
    errno = 0;
    // NOLINTNEXTLINE(concurrency-mt-unsafe): threads may read different streams, and this is ours.
    const struct ::dirent* const entry = ::readdir(stream.get());
    if (entry == nullptr) break;
    const std::string_view name = entry->d_name;
    if (name != "." && name != "..") names.emplace_back(name);
  }
  if (errno != 0) return system_error(errno, "list", directory.path());
  return names;
}

Time time_of(const struct ::timespec& time) {
  return Time(std::chrono::duration_cast<std::chrono::milliseconds>(
      std::chrono::seconds(time.tv_sec) + std::chrono::nanoseconds(time.tv_nsec)));
}

}  // namespace shale::file

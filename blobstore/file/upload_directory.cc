#include "blobstore/file/upload_directory.h"

#include <cerrno>
#include <chrono>
#include <memory>
#include <utility>

#include <fcntl.h>

#include <dirent.h>

namespace shale::file {
namespace {

constexpr ::mode_t kFileMode = 0640;
constexpr int kFlags = O_RDWR | O_NOFOLLOW;

struct CloseStream {
  void operator()(::DIR* stream) const noexcept { ::closedir(stream); }
};

Time modified(const struct ::stat& status) {
  return Time(std::chrono::duration_cast<std::chrono::milliseconds>(
      std::chrono::seconds(status.st_mtim.tv_sec) +
      std::chrono::nanoseconds(status.st_mtim.tv_nsec)));
}

}  // namespace

Result<File> UploadDirectory::create(const UploadId& id) {
  const int descriptor = directory_.files().open_at(directory_.descriptor(), id.str().c_str(),
                                                    kFlags | O_CREAT | O_EXCL, kFileMode);
  if (descriptor == -EEXIST) {
    return Error{Errc::kInvalidArgument, "upload " + id.str() + " is open already"};
  }
  if (descriptor < 0) return system_error(-descriptor, "create", path(id));
  return lock(File(directory_.files(), descriptor, path(id)));
}

Result<File> UploadDirectory::open(const UploadId& id) {
  if (condemned_.lock()->contains(id)) {
    return Error{Errc::kIo, path(id) +
                                " could not be written to the disk and could not be "
                                "removed: remove it by hand"};
  }
  const int descriptor =
      directory_.files().open_at(directory_.descriptor(), id.str().c_str(), kFlags, 0);
  if (descriptor == -ENOENT) {
    return Error{Errc::kUploadUnknown, "no upload " + id.str() + " is open"};
  }
  if (descriptor < 0) return system_error(-descriptor, "open", path(id));
  return lock(File(directory_.files(), descriptor, path(id)));
}

Result<File> UploadDirectory::lock(File file) const {
  const int locked = directory_.files().lock(file.descriptor());
  if (locked == -EWOULDBLOCK) {
    return Error{Errc::kUploadBusy, file.path() + " is being written by somebody else"};
  }
  if (locked < 0) return system_error(-locked, "lock", file.path());
  return file;
}

Result<void> UploadDirectory::remove(const UploadId& id) {
  const int done = directory_.files().unlink_at(directory_.descriptor(), id.str().c_str());
  if (done < 0 && done != -ENOENT) return system_error(-done, "remove", path(id));
  condemned_.lock()->erase(id);
  return {};
}

void UploadDirectory::condemn(const UploadId& id) {
  condemned_.lock()->insert(id);
  static_cast<void>(remove(id));
}

Result<UploadDirectory::Listing> UploadDirectory::list() const {
  FileSystem& files = directory_.files();
  // A descriptor of its own, because reading a directory moves its position.
  const int descriptor = files.open_at(directory_.descriptor(), ".", O_RDONLY | O_DIRECTORY, 0);
  if (descriptor < 0) return system_error(-descriptor, "open", directory_.path());
  const std::unique_ptr<::DIR, CloseStream> stream(::fdopendir(descriptor));
  if (!stream) {
    const int error = errno;
    files.close(descriptor);
    return system_error(error, "list", directory_.path());
  }

  Listing listing;
  for (;;) {
    errno = 0;
    // NOLINTNEXTLINE(concurrency-mt-unsafe): threads may read different streams, and this is ours.
    const struct ::dirent* const entry = ::readdir(stream.get());
    if (entry == nullptr) break;
    const std::string name = entry->d_name;
    if (name == "." || name == "..") continue;

    struct ::stat status{};
    const int done = files.status_at(directory_.descriptor(), name.c_str(), status);
    if (done == -ENOENT) continue;  // committed or cancelled meanwhile
    if (done < 0) return system_error(-done, "stat", directory_.path() + "/" + name);
    auto id = UploadId::parse(name);
    if (!id || !S_ISREG(status.st_mode)) {
      listing.foreign.push_back(name);
      continue;
    }
    listing.uploads.push_back(
        {*std::move(id), static_cast<std::uint64_t>(status.st_size), modified(status)});
  }
  if (errno != 0) return system_error(errno, "list", directory_.path());
  return listing;
}

}  // namespace shale::file

#include "blobstore/file/upload_directory.h"

#include <cerrno>
#include <utility>

#include <fcntl.h>

#include "blobstore/file/directories.h"

namespace shale::file {
namespace {

constexpr ::mode_t kFileMode = 0640;
constexpr int kFlags = O_RDWR | O_NOFOLLOW;

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
  SHALE_TRY_ASSIGN(const auto names, list_names(directory_));
  Listing listing;
  for (const std::string& name : names) {
    struct ::stat status{};
    const int done = directory_.files().status_at(directory_.descriptor(), name.c_str(), status);
    if (done == -ENOENT) continue;  // committed or cancelled meanwhile
    if (done < 0) return system_error(-done, "stat", directory_.path() + "/" + name);
    auto id = UploadId::parse(name);
    if (!id || !S_ISREG(status.st_mode)) {
      listing.foreign.push_back(name);
      continue;
    }
    listing.uploads.push_back(
        {*std::move(id), static_cast<std::uint64_t>(status.st_size), time_of(status.st_mtim)});
  }
  return listing;
}

}  // namespace shale::file

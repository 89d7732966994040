#include "auth/file_edit.h"

#include <cerrno>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "auth/files.h"

namespace shale::auth {
namespace {

class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int get() const noexcept { return fd_; }

 private:
  int fd_;
};

std::string fault(const std::string& what) {
  return what + ": " + std::generic_category().message(errno);
}

}  // namespace

std::optional<std::string> edit_file(const std::string& path,
                                     const std::function<std::string(const std::string&)>& change) {
  // The lock is a file of its own, since the one that it guards is replaced.
  const std::string lock_path = path + ".lock";
  const Descriptor lock(::open(lock_path.c_str(), O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (lock.get() < 0 || ::flock(lock.get(), LOCK_EX) != 0) {
    return fault("cannot lock " + lock_path);
  }
  // To follow it would leave the choice of the file to whoever made the link, and to replace
  // it would leave the file that it points to as it was.
  struct ::stat named{};
  if (::lstat(path.c_str(), &named) == 0 && S_ISLNK(named.st_mode)) {
    return path + " is a link: name the file that it points to";
  }
  const auto before = read_file(path);
  if (!before && errno != ENOENT) return fault("cannot read " + path);

  const std::string fresh = path + ".new";
  const Descriptor file(make_private_file(fresh));
  if (file.get() < 0) return fault("cannot write " + fresh);
  if (before) {
    if (::fchmod(file.get(), before->mode) != 0) return fault("cannot write " + fresh);
    // Who is not root keeps a file of their own; that of another they cannot give back.
    if (::geteuid() == 0 && ::fchown(file.get(), before->owner, before->group) != 0) {
      return fault("cannot write " + fresh);
    }
  }
  if (!write_all(file.get(), change(before ? before->text : std::string())) ||
      ::fsync(file.get()) != 0) {
    return fault("cannot write " + fresh);
  }
  if (::rename(fresh.c_str(), path.c_str()) != 0) return fault("cannot replace " + path);
  // Else a power cut could bring the old text back.
  if (auto failed = sync_directory_of(path)) return std::move(failed->why);
  return std::nullopt;
}

}  // namespace shale::auth

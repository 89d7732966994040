#include "auth/file_edit.h"

#include <cerrno>
#include <system_error>

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

bool write_all(int fd, const std::string& text) {
  std::size_t done = 0;
  while (done < text.size()) {
    const auto written = ::write(fd, text.data() + done, text.size() - done);
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return false;
    done += static_cast<std::size_t>(written);
  }
  return true;
}

std::string directory_of(const std::string& path) {
  const auto slash = path.rfind('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
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
  const Descriptor directory(
      ::open(directory_of(path).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (directory.get() < 0 || ::fsync(directory.get()) != 0) {
    return fault("cannot sync the directory of " + path);
  }
  return std::nullopt;
}

}  // namespace shale::auth

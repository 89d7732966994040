#include "auth/files.h"

#include <array>
#include <cerrno>
#include <utility>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace shale::auth {
namespace {

FileStamp stamp_from(const struct ::stat& status) {
  constexpr std::int64_t kNanoseconds = 1'000'000'000;
  return {.device = status.st_dev,
          .inode = status.st_ino,
          .size = status.st_size,
          .written = status.st_mtim.tv_sec * kNanoseconds + status.st_mtim.tv_nsec};
}

std::optional<FileContent> read_open(int file) {
  struct ::stat status{};
  if (::fstat(file, &status) != 0) return std::nullopt;
  if (!S_ISREG(status.st_mode)) {
    errno = S_ISDIR(status.st_mode) ? EISDIR : EINVAL;
    return std::nullopt;
  }
  FileContent content{.text = {},
                      .stamp = stamp_from(status),
                      .mode = status.st_mode & 07777U,
                      .owner = status.st_uid,
                      .group = status.st_gid};
  std::array<char, 4096> piece{};
  ::ssize_t got = 0;
  while ((got = ::read(file, piece.data(), piece.size())) > 0 || (got < 0 && errno == EINTR)) {
    if (got > 0) content.text.append(piece.data(), static_cast<std::size_t>(got));
  }
  return got == 0 ? std::optional(std::move(content)) : std::nullopt;
}

}  // namespace

FileStamp stamp_of(const std::string& path) {
  struct ::stat status{};
  return ::stat(path.c_str(), &status) == 0 ? stamp_from(status) : FileStamp{};
}

std::optional<FileContent> read_file(const std::string& path) {
  // A pipe without a writer would be waited for.
  const int file = ::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC);
  if (file < 0) return std::nullopt;
  auto content = read_open(file);
  const int error = errno;
  ::close(file);
  errno = error;
  return content;
}

int make_private_file(const std::string& path) {
  if (::unlink(path.c_str()) != 0 && errno != ENOENT) return -1;
  return ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
}

}  // namespace shale::auth

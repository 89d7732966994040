#include "auth/files.h"

#include <array>
#include <cerrno>
#include <system_error>
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

std::optional<FileContent> read_with(const std::string& path, int flags) {
  // A pipe without a writer would be waited for.
  const int file = ::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC | flags);
  if (file < 0) return std::nullopt;
  auto content = read_open(file);
  const int error = errno;
  ::close(file);
  errno = error;
  return content;
}

FileFault fault(const std::string& what) {
  return {what + ": " + std::generic_category().message(errno)};
}

std::string directory_of(const std::string& path) {
  const auto slash = path.rfind('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

std::string octal(unsigned mode) {
  std::string digits;
  for (unsigned shift = 9; shift > 0; shift -= 3)
    digits += static_cast<char>('0' + ((mode >> (shift - 3)) & 7U));
  return digits;
}

/// `errno` is that of the first failure.
bool write_and_close(int file, std::string_view text) {
  const bool written = write_all(file, text) && ::fsync(file) == 0;
  const int error = errno;
  const bool closed = ::close(file) == 0;
  if (!written) errno = error;
  return written && closed;
}

}  // namespace

bool write_all(int file, std::string_view text) {
  while (!text.empty()) {
    const auto written = ::write(file, text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return false;
    text.remove_prefix(static_cast<std::size_t>(written));
  }
  return true;
}

FileStamp stamp_of(const std::string& path) {
  struct ::stat status{};
  return ::stat(path.c_str(), &status) == 0 ? stamp_from(status) : FileStamp{};
}

std::optional<FileContent> read_file(const std::string& path) {
  return read_with(path, 0);
}

std::variant<FileContent, FileFault> read_private_file(const std::string& path) {
  auto content = read_with(path, O_NOFOLLOW);
  if (!content && errno == ELOOP) return FileFault{path + " is a link: put the file itself there"};
  if (!content) return fault("cannot read " + path);
  if ((content->mode & 077U) != 0) {
    return FileFault{path + " is open to others than its owner (mode " + octal(content->mode) +
                     "): remove it if they may have read it, else chmod 600 it"};
  }
  return *std::move(content);
}

std::optional<FileFault> write_private_file(const std::string& path, std::string_view text) {
  const std::string fresh = path + ".new";
  const int file = make_private_file(fresh);
  if (file < 0 || !write_and_close(file, text)) {
    auto failed = fault("cannot write " + fresh);
    if (file >= 0) ::unlink(fresh.c_str());
    return failed;
  }
  if (::rename(fresh.c_str(), path.c_str()) != 0) return fault("cannot replace " + path);
  return sync_directory_of(path);
}

std::optional<FileFault> remove_file(const std::string& path) {
  if (::unlink(path.c_str()) != 0 && errno != ENOENT) return fault("cannot remove " + path);
  return sync_directory_of(path);
}

std::optional<FileFault> sync_directory_of(const std::string& path) {
  return sync_directory(directory_of(path));
}

std::optional<FileFault> sync_directory(const std::string& path) {
  const int directory = ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (directory < 0) return fault("cannot open " + path);
  std::optional<FileFault> failed;
  if (::fsync(directory) != 0) failed = fault("cannot sync " + path);
  ::close(directory);
  return failed;
}

int make_private_file(const std::string& path) {
  if (::unlink(path.c_str()) != 0 && errno != ENOENT) return -1;
  return ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
}

}  // namespace shale::auth

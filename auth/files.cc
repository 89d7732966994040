#include "auth/files.h"

#include <array>
#include <cerrno>

#include <fcntl.h>
#include <unistd.h>

namespace shale::auth {

std::optional<std::string> read_file(const std::string& path) {
  const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) return std::nullopt;
  std::string text;
  std::array<char, 4096> piece{};
  ::ssize_t got = 0;
  while ((got = ::read(file, piece.data(), piece.size())) > 0 || (got < 0 && errno == EINTR)) {
    if (got > 0) text.append(piece.data(), static_cast<std::size_t>(got));
  }
  const int error = errno;
  ::close(file);
  errno = error;
  return got == 0 ? std::optional(std::move(text)) : std::nullopt;
}

int make_private_file(const std::string& path) {
  if (::unlink(path.c_str()) != 0 && errno != ENOENT) return -1;
  return ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
}

}  // namespace shale::auth

#include "server/log/rotating_file.h"

#include <cerrno>
#include <cstdio>
#include <memory>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace shale::log {

namespace {

class RotatingFile {
 public:
  explicit RotatingFile(RotationOptions options) : options_(std::move(options)) {}
  ~RotatingFile() { close(); }
  RotatingFile(const RotatingFile&) = delete;
  RotatingFile& operator=(const RotatingFile&) = delete;

  void write(std::string_view lines) {
    if (!is_ours()) close();
    if (descriptor_ >= 0 && size_ > 0 && size_ + lines.size() > options_.most_bytes) rotate();
    if (descriptor_ < 0 && !open()) return;
    while (!lines.empty()) {
      const ssize_t written = ::write(descriptor_, lines.data(), lines.size());
      if (written < 0 && errno == EINTR) continue;
      if (written <= 0) {
        fail();
        return;
      }
      size_ += static_cast<std::uint64_t>(written);
      lines.remove_prefix(static_cast<std::size_t>(written));
    }
    if (std::exchange(failing_, false) && options_.report) {
      options_.report(options_.path + " is written again");
    }
  }

 private:
  /// Whether the name still is that of the open file.
  bool is_ours() const {
    struct ::stat named{};
    struct ::stat opened{};
    return descriptor_ >= 0 && ::stat(options_.path.c_str(), &named) == 0 &&
           ::fstat(descriptor_, &opened) == 0 && named.st_ino == opened.st_ino &&
           named.st_dev == opened.st_dev;
  }

  bool open() {
    descriptor_ = ::open(options_.path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
    if (descriptor_ < 0) {
      fail();
      return false;
    }
    const off_t end = ::lseek(descriptor_, 0, SEEK_END);
    size_ = end < 0 ? 0 : static_cast<std::uint64_t>(end);
    return true;
  }

  void rotate() {
    close();
    for (unsigned i = options_.keep; i > 1; --i)
      std::rename(numbered(i - 1).c_str(), numbered(i).c_str());
    if (options_.keep > 0) {
      std::rename(options_.path.c_str(), numbered(1).c_str());
    } else {
      std::remove(options_.path.c_str());
    }
  }

  std::string numbered(unsigned number) const {
    return options_.path + '.' + std::to_string(number);
  }

  void fail() {
    const int error = errno;
    close();
    if (options_.lost) options_.lost();
    if (std::exchange(failing_, true) || !options_.report) return;
    options_.report("cannot write " + options_.path + ": " +
                    std::generic_category().message(error));
  }

  void close() {
    if (descriptor_ >= 0) ::close(std::exchange(descriptor_, -1));
  }

  const RotationOptions options_;
  int descriptor_ = -1;
  std::uint64_t size_ = 0;
  bool failing_ = false;
};

}  // namespace

Sink rotating_file_sink(RotationOptions options) {
  // Shared only because a function has to be copyable; there is one owner.
  return [file = std::make_shared<RotatingFile>(std::move(options))](
             std::string_view lines, const std::stop_token&) { file->write(lines); };
}

}  // namespace shale::log

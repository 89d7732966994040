#include "tests/bench/programs/durable_file.h"

#include <fcntl.h>
#include <sys/uio.h>
#include <unistd.h>

#include "tests/bench/programs/socket.h"

namespace shale::bench {

HashThread::HashThread() : thread_([this] { run(); }) {
  const std::lock_guard lock(mutex_);
  for (Piece& piece : pieces_) {
    free_.push_back(&piece);
  }
}

HashThread::~HashThread() {
  const std::lock_guard lock(mutex_);
  stop_ = true;
  changed_.notify_all();
}

Piece& HashThread::next_piece() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return !free_.empty(); });
  Piece& piece = *free_.front();
  free_.pop_front();
  piece.data.clear();
  return piece;
}

void HashThread::hash(Piece& piece) {
  const std::lock_guard lock(mutex_);
  waiting_.push_back(&piece);
  changed_.notify_all();
}

std::string HashThread::finish() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return free_.size() == pieces_.size(); });
  return hash_.finish();
}

void HashThread::run() {
  std::unique_lock lock(mutex_);
  for (;;) {
    changed_.wait(lock, [this] { return stop_ || !waiting_.empty(); });
    if (stop_) {
      return;
    }
    Piece& piece = *waiting_.front();
    waiting_.pop_front();
    lock.unlock();
    for (const std::string_view data : piece.data) {
      hash_.update(data);
    }
    lock.lock();
    free_.push_back(&piece);
    changed_.notify_all();
  }
}

DurableFile::DurableFile(int directory, const std::string& name)
    : directory_(directory),
      fd_(::openat(directory, name.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0640)) {
  if (fd_ < 0) {
    die_of_errno("open " + name);
  }
}

DurableFile::~DurableFile() {
  ::close(fd_);
}

void DurableFile::append(const Piece& piece) {
  std::vector<iovec> parts;
  std::size_t size = 0;
  for (const std::string_view data : piece.data) {
    parts.push_back({const_cast<char*>(data.data()), data.size()});
    size += data.size();
  }
  // Regular files take all of it, unless the disk is full.
  if (size > 0 &&
      ::writev(fd_, parts.data(), static_cast<int>(parts.size())) != static_cast<ssize_t>(size)) {
    die_of_errno("write");
  }
}

void DurableFile::commit() {
  if (::fdatasync(fd_) != 0 || ::fsync(directory_) != 0) {
    die_of_errno("sync");
  }
}

}  // namespace shale::bench

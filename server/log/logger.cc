#include "server/log/logger.h"

#include <condition_variable>
#include <mutex>
#include <string>
#include <utility>

namespace shale::log {

/// Lines on their way to the writer. Holds its lock only to append to a string
/// or to swap two, so that loggers hardly ever meet.
class Logger::Queue {
 public:
  explicit Queue(std::size_t capacity) : capacity_(capacity) {}

  void push(std::string_view line) {
    bool first = false;
    {
      const std::lock_guard lock(mutex_);
      if (line.size() > capacity_ - lines_.size()) {
        ++dropped_;
        return;
      }
      first = lines_.empty();
      lines_ += line;
    }
    if (first) filled_.notify_one();
  }

  struct Batch {
    bool last = false;          ///< stopped, and nothing is left after this one
    std::uint64_t dropped = 0;  ///< since the start
  };

  /// Waits for lines or a stop, and swaps the lines into `into`, whose own have
  /// been written by now.
  Batch take(std::string& into, const std::stop_token& stop) {
    into.clear();
    std::unique_lock lock(mutex_);
    writing_ = false;
    drained_.notify_all();
    filled_.wait(lock, stop, [&] { return !lines_.empty(); });
    into.swap(lines_);
    writing_ = !into.empty();
    return {.last = into.empty(), .dropped = dropped_};
  }

  bool wait_until_drained(std::chrono::milliseconds patience) {
    std::unique_lock lock(mutex_);
    return drained_.wait_for(lock, patience, [&] { return lines_.empty() && !writing_; });
  }

  std::uint64_t dropped() const {
    const std::lock_guard lock(mutex_);
    return dropped_;
  }

 private:
  const std::size_t capacity_;  ///< bytes
  mutable std::mutex mutex_;
  std::condition_variable_any filled_;
  std::condition_variable_any drained_;
  std::string lines_;
  bool writing_ = false;
  std::uint64_t dropped_ = 0;
};

Logger::Logger(Options options) : Logger(std::move(options), descriptor_sink(2)) {}

Logger::Logger(Options options, Sink sink)
    : options_(std::move(options)),
      sink_(std::move(sink)),
      level_(options_.level),
      queue_(std::make_unique<Queue>(options_.queue_bytes)),
      writer_([this](const std::stop_token& stop) { write_lines(stop); }) {}

Logger::~Logger() = default;

void Logger::log(Level level, std::string_view message, std::span<const Field> fields) {
  if (!enabled(level)) return;
  queue_->push(format_line(options_.format, options_.now(), level, message, fields));
}

bool Logger::flush(std::chrono::milliseconds patience) {
  return queue_->wait_until_drained(patience);
}

std::uint64_t Logger::dropped() const {
  return queue_->dropped();
}

void Logger::write_lines(const std::stop_token& stop) {
  std::string lines;
  std::uint64_t reported = 0;
  while (true) {
    const Queue::Batch batch = queue_->take(lines, stop);
    if (batch.dropped != reported) {
      report_drops(lines, batch.dropped - reported);
      reported = batch.dropped;
    }
    if (!lines.empty()) sink_(lines, stop);
    if (batch.last) return;
  }
}

/// After the lines that filled the queue: that is where the others are missing.
void Logger::report_drops(std::string& lines, std::uint64_t drops) const {
  const Field lost("lines", drops);
  lines += format_line(options_.format, options_.now(), Level::kWarn,
                       "the log was written too slowly and lines were dropped", {&lost, 1});
}

}  // namespace shale::log

#include "server/log/logger.h"

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <string>
#include <utility>

namespace shale::log {
namespace {

/// So long the writer lets lines gather when they come one after the other: to
/// wake it for each would cost a busy server more than the line itself.
constexpr std::chrono::milliseconds kGather{5};

}  // namespace

/// Lines on their way to the writer. Holds its lock only to append to a string
/// or to swap two, so that loggers hardly ever meet.
class Logger::Queue {
 public:
  explicit Queue(std::size_t capacity) : capacity_(capacity) {}

  void push(std::string_view line) {
    bool wake = false;
    {
      const std::lock_guard lock(mutex_);
      if (line.size() > capacity_ - lines_.size()) {
        ++dropped_;
        return;
      }
      const bool was_urgent = urgent();
      wake = lines_.empty();
      lines_ += line;
      wake = wake || (urgent() && !was_urgent);
    }
    if (wake) filled_.notify_one();
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
    if (std::chrono::steady_clock::now() - taken_ < kGather) {
      filled_.wait_for(lock, stop, kGather, [&] { return urgent(); });
    }
    taken_ = std::chrono::steady_clock::now();
    into.swap(lines_);
    writing_ = !into.empty();
    return {.last = into.empty(), .dropped = dropped_};
  }

  bool wait_until_drained(std::chrono::milliseconds patience) {
    std::unique_lock lock(mutex_);
    ++flushing_;
    filled_.notify_one();
    const bool drained =
        drained_.wait_for(lock, patience, [&] { return lines_.empty() && !writing_; });
    --flushing_;
    return drained;
  }

  std::uint64_t dropped() const {
    const std::lock_guard lock(mutex_);
    return dropped_;
  }

 private:
  /// Whether to write at once what there is.
  bool urgent() const { return flushing_ > 0 || lines_.size() > capacity_ / 4; }

  const std::size_t capacity_;  ///< bytes
  mutable std::mutex mutex_;
  std::condition_variable_any filled_;
  std::condition_variable_any drained_;
  std::string lines_;
  std::chrono::steady_clock::time_point taken_;  ///< when lines were last
  int flushing_ = 0;                             ///< who waits for that
  bool writing_ = false;
  std::uint64_t dropped_ = 0;
};

Logger::Logger(Options options)
    : Logger(std::move(options), MakeSink([](std::function<void()> lost) {
               return descriptor_sink(2, std::move(lost));
             })) {}

Logger::Logger(Options options, const MakeSink& make_sink)
    : Logger(std::move(options), make_sink([this] { ++failed_writes_; })) {}

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

#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <memory>
#include <span>
#include <stop_token>
#include <string_view>
#include <thread>

#include "server/log/field.h"
#include "server/log/format.h"

namespace shale::log {

/// Takes whole lines. Called by the writer thread alone, so it may block; once a
/// stop is requested it should give up on a reader that does not read.
using Sink = std::function<void(std::string_view lines, const std::stop_token& stop)>;

/// Writes to a descriptor, which it borrows. What cannot be written is lost, and `lost` told.
Sink descriptor_sink(int descriptor, std::function<void()> lost = {});

struct Options {
  Format format = Format::kText;
  Level level = Level::kInfo;
  std::size_t queue_bytes = std::size_t{1} << 20;  ///< lines that wait for the writer
  std::function<Time()> now = std::chrono::system_clock::now;
};

/// The log of the program. A call formats its line and leaves it in a bounded
/// queue for the writer thread, which writes it at once, or with those that follow
/// within milliseconds: it never waits for the disk or a reader, and
/// when the queue is full the line is dropped, counted and later reported in a
/// line of its own. Thread-safe. Destruction writes what is queued.
class Logger {
 public:
  /// Writes to standard error.
  explicit Logger(Options options);
  Logger(Options options, Sink sink);
  /// The sink gets what to call when it could not write.
  using MakeSink = std::function<Sink(std::function<void()> lost)>;
  Logger(Options options, const MakeSink& make_sink);
  ~Logger();
  Logger(const Logger&) = delete;
  Logger& operator=(const Logger&) = delete;

  void debug(std::string_view message, std::initializer_list<Field> fields = {}) {
    log(Level::kDebug, message, fields);
  }
  void info(std::string_view message, std::initializer_list<Field> fields = {}) {
    log(Level::kInfo, message, fields);
  }
  void warn(std::string_view message, std::initializer_list<Field> fields = {}) {
    log(Level::kWarn, message, fields);
  }
  void error(std::string_view message, std::initializer_list<Field> fields = {}) {
    log(Level::kError, message, fields);
  }

  void log(Level level, std::string_view message, std::initializer_list<Field> fields) {
    log(level, message, std::span(fields.begin(), fields.size()));
  }
  /// For a number of fields that is not known beforehand.
  void log(Level level, std::string_view message, std::span<const Field> fields);

  /// Whether a line of this level would be written: for callers whose fields cost something.
  bool enabled(Level level) const noexcept {
    return level >= level_.load(std::memory_order_relaxed);
  }
  void set_level(Level level) noexcept { level_.store(level, std::memory_order_relaxed); }

  /// Waits until all lines logged before have been written; false when that took
  /// longer than `patience`.
  bool flush(std::chrono::milliseconds patience);

  /// Lines lost to a full queue since the start.
  std::uint64_t dropped() const;
  /// How often what was to be written was lost, because the disk is full or nobody reads. Of a
  /// sink that tells.
  std::uint64_t failed_writes() const noexcept { return failed_writes_.load(); }

 private:
  class Queue;

  void write_lines(const std::stop_token& stop);
  void report_drops(std::string& lines, std::uint64_t drops) const;

  Options options_;
  Sink sink_;
  std::atomic<Level> level_;
  std::atomic<std::uint64_t> failed_writes_ = 0;
  std::unique_ptr<Queue> queue_;
  std::jthread writer_;  ///< the last member: it uses the others until it is joined
};

}  // namespace shale::log

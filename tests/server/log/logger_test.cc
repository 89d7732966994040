#include "server/log/logger.h"

#include <array>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <memory>
#include <mutex>
#include <stop_token>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <unistd.h>

#include <doctest/doctest.h>

using namespace std::chrono_literals;

namespace shale::log {
namespace {

constexpr auto kLongEnough = 60s;

/// Keeps what the writer thread wrote, and can hold it up inside a write.
class Recorder {
 public:
  Sink sink() {
    return [this](std::string_view lines, const std::stop_token&) {
      std::unique_lock lock(mutex_);
      entered_ = true;
      changed_.notify_all();
      changed_.wait(lock, [&] { return !held_; });
      written_ += lines;
    };
  }

  void hold() {
    const std::lock_guard lock(mutex_);
    held_ = true;
    entered_ = false;
  }
  void wait_until_entered() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return entered_; });
  }
  void release() {
    const std::lock_guard lock(mutex_);
    held_ = false;
    changed_.notify_all();
  }

  std::string written() {
    const std::lock_guard lock(mutex_);
    return written_;
  }

  std::vector<std::string> lines() {
    std::vector<std::string> found;
    const std::string all = written();
    for (std::size_t at = 0; at < all.size();) {
      const std::size_t end = all.find('\n', at);
      REQUIRE(end != std::string::npos);
      found.push_back(all.substr(at, end - at));
      at = end + 1;
    }
    return found;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool held_ = false;
  bool entered_ = false;
  std::string written_;
};

Options options(std::size_t queue_bytes = 1 << 20) {
  return {.format = Format::kText, .level = Level::kInfo, .queue_bytes = queue_bytes, .now = [] {
            return Time{};
          }};
}

constexpr std::string_view kStamp = "1970-01-01T00:00:00.000Z ";

std::string line_of(std::string_view rest) {
  return std::string(kStamp) + std::string(rest);
}

/// A pipe whose ends close by themselves.
class Pipe {
 public:
  explicit Pipe(int flags = 0) { REQUIRE(pipe2(ends_.data(), O_CLOEXEC | flags) == 0); }
  ~Pipe() {
    close_reader();
    close(ends_[1]);
  }
  Pipe(const Pipe&) = delete;
  Pipe& operator=(const Pipe&) = delete;

  int writer() const { return ends_[1]; }

  void close_reader() {
    if (ends_[0] >= 0) close(std::exchange(ends_[0], -1));
  }

  std::string read(std::size_t size) const {
    std::string all;
    std::array<char, 4096> buffer{};
    while (all.size() < size) {
      const auto got = ::read(ends_[0], buffer.data(), buffer.size());
      REQUIRE(got > 0);
      all.append(buffer.data(), static_cast<std::size_t>(got));
    }
    return all;
  }

 private:
  std::array<int, 2> ends_{-1, -1};
};

TEST_CASE("Logger: lines come out in order with their levels and fields") {
  Recorder recorder;
  {
    Logger logger(options(), recorder.sink());
    logger.info("listening", {{"address", "127.0.0.1:5000"}});
    logger.warn("nearly full", {{"free", 17}});
    logger.error("failed");
  }
  CHECK(recorder.lines() ==
        std::vector<std::string>{line_of("info  listening address=127.0.0.1:5000"),
                                 line_of("warn  nearly full free=17"), line_of("error failed")});
}

TEST_CASE("Logger: destruction writes what was queued while a write was under way") {
  Recorder recorder;
  recorder.hold();
  auto logger = std::make_unique<Logger>(options(), recorder.sink());
  logger->info("first");
  recorder.wait_until_entered();
  for (int i = 0; i < 100; ++i)
    logger->info("later", {{"i", i}});

  const std::jthread destroyer([&] { logger.reset(); });
  recorder.release();
  while (recorder.lines().size() < 101)
    std::this_thread::yield();
  CHECK(recorder.lines().back() == line_of("info  later i=99"));
}

TEST_CASE("Logger: a full queue drops lines, counts them and says so where they are missing") {
  Recorder recorder;
  recorder.hold();
  const std::size_t line_bytes = line_of("info  n=1\n").size() + std::string_view("line ").size();
  {
    Logger logger(options(3 * line_bytes), recorder.sink());
    logger.info("first");
    recorder.wait_until_entered();

    for (int i = 1; i <= 8; ++i)
      logger.info("line", {{"n", i}});
    CHECK(logger.dropped() == 5);

    recorder.release();
    REQUIRE(logger.flush(kLongEnough));
    logger.info("after");
  }
  CHECK(recorder.lines() ==
        std::vector<std::string>{
            line_of("info  first"), line_of("info  line n=1"), line_of("info  line n=2"),
            line_of("info  line n=3"),
            line_of("warn  the log was written too slowly and lines were dropped lines=5"),
            line_of("info  after")});
}

TEST_CASE("Logger: a line that can never fit is dropped and reported, and others go on") {
  Recorder recorder;
  {
    Logger logger(options(64), recorder.sink());
    logger.info(std::string(100, 'x'));
    logger.info("short");
    CHECK(logger.dropped() == 1);
  }
  CHECK(recorder.written().find("short") != std::string::npos);
  CHECK(recorder.written().find("dropped lines=1") != std::string::npos);
}

TEST_CASE("Logger: drops are reported even when no line follows") {
  Recorder recorder;
  {
    Logger logger(options(8), recorder.sink());
    logger.info("too long for the queue");
  }
  CHECK(recorder.lines() ==
        std::vector<std::string>{
            line_of("warn  the log was written too slowly and lines were dropped lines=1")});
}

TEST_CASE("Logger: the level can change while it runs") {
  Recorder recorder;
  {
    Logger logger(options(), recorder.sink());
    CHECK_FALSE(logger.enabled(Level::kDebug));
    CHECK(logger.enabled(Level::kInfo));
    logger.debug("unseen");

    logger.set_level(Level::kDebug);
    CHECK(logger.enabled(Level::kDebug));
    logger.debug("seen");

    logger.set_level(Level::kError);
    CHECK_FALSE(logger.enabled(Level::kWarn));
    logger.warn("unseen");
    logger.error("seen too");
  }
  CHECK(recorder.lines() ==
        std::vector<std::string>{line_of("debug seen"), line_of("error seen too")});
}

TEST_CASE("Logger: flush waits for the write, and not longer than told") {
  Recorder recorder;
  Logger logger(options(), recorder.sink());
  CHECK(logger.flush(kLongEnough));

  recorder.hold();
  logger.info("held");
  recorder.wait_until_entered();
  CHECK_FALSE(logger.flush(1ms));

  recorder.release();
  CHECK(logger.flush(kLongEnough));
  CHECK(recorder.lines() == std::vector<std::string>{line_of("info  held")});
}

TEST_CASE("Logger: threads log at once without mixing or losing lines") {
  constexpr int kThreads = 4;
  constexpr int kLines = 500;
  Recorder recorder;
  {
    Logger logger(options(), recorder.sink());
    std::vector<std::jthread> threads;
    threads.reserve(kThreads);
    for (int t = 0; t < kThreads; ++t) {
      threads.emplace_back([&logger, t] {
        for (int i = 0; i < kLines; ++i) {
          logger.info("line", {{"thread", t}, {"i", i}});
          if (i % 100 == 0) logger.set_level(Level::kInfo);
        }
      });
    }
    threads.clear();
    CHECK(logger.dropped() == 0);
  }
  std::array<int, kThreads> next{};
  const std::string front = line_of("info  line thread=");
  for (const std::string& line : recorder.lines()) {
    REQUIRE(line.starts_with(front));
    const int thread = line.at(front.size()) - '0';
    int& expected = next.at(static_cast<std::size_t>(thread));
    REQUIRE(line == front + std::to_string(thread) + " i=" + std::to_string(expected));
    ++expected;
  }
  for (const int count : next)
    CHECK(count == kLines);
}

TEST_CASE("descriptor_sink: more than a pipe holds arrives whole") {
  for (const int flags : {0, O_NONBLOCK}) {
    Pipe pipe(0);
    if (flags != 0) REQUIRE(fcntl(pipe.writer(), F_SETFL, flags) == 0);
    const std::string lines(std::size_t{300} * 1024, 'x');

    const std::jthread writer(
        [&](const std::stop_token& stop) { descriptor_sink(pipe.writer())(lines, stop); });
    CHECK(pipe.read(lines.size()) == lines);
  }
}

TEST_CASE("descriptor_sink: after a stop, a reader that does not read is given up") {
  const Pipe pipe;
  std::stop_source source;
  source.request_stop();
  const std::string lines(std::size_t{300} * 1024, 'x');
  descriptor_sink(pipe.writer())(lines, source.get_token());
  CHECK_FALSE(pipe.read(1).empty());
}

TEST_CASE("descriptor_sink: a descriptor that cannot be written to loses the lines only") {
  constexpr int kNeverOpen = 1 << 20;
  descriptor_sink(kNeverOpen)("lost\n", {});

  const int reading = open("/dev/null", O_RDONLY | O_CLOEXEC);
  REQUIRE(reading >= 0);
  descriptor_sink(reading)("lost\n", {});
  close(reading);
}

}  // namespace
}  // namespace shale::log

#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "metrics/samples.h"

namespace prometheus {  // NOLINT(readability-identifier-naming): not ours
class Counter;
class Histogram;
}  // namespace prometheus

namespace shale::metrics {

/// A handle that is cheap to copy; must not outlive its `Metrics`. Thread-safe.
class Counter {
 public:
  void add(double amount = 1) const;

 private:
  friend class Metrics;
  explicit Counter(prometheus::Counter& counter) : counter_(&counter) {}
  prometheus::Counter* counter_;
};

/// Likewise.
class Histogram {
 public:
  void observe(double value) const;

 private:
  friend class Metrics;
  explicit Histogram(prometheus::Histogram& histogram) : histogram_(&histogram) {}
  prometheus::Histogram* histogram_;
};

/// All that this process shows of itself: instruments, which whoever does something moves,
/// and sources, which are asked at each scrape. Thread-safe.
class Metrics {
 public:
  using Source = std::function<void(Samples&)>;

  Metrics();
  ~Metrics();
  Metrics(const Metrics&) = delete;
  Metrics& operator=(const Metrics&) = delete;

  /// The instrument of this name and these labels, the same for everybody who asks. Takes a
  /// lock, so it is to be asked for once. Throws `std::invalid_argument` for a name that
  /// cannot be one, or that another kind has.
  Counter counter(std::string_view name, std::string_view help, const Labels& labels = {});
  /// `bounds` are the upper ends of the buckets, rising.
  Histogram histogram(std::string_view name, std::string_view help,
                      const std::vector<double>& bounds, const Labels& labels = {});

  /// Asked at every scrape, on the thread that scrapes, one scrape at a time. Whatever it
  /// asks must not wait for the disk.
  void add_source(Source source);

  /// All of it in the text format of Prometheus, version 0.0.4.
  std::string text() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace shale::metrics

#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace shale::metrics {

/// Names and values, in the order in which they are shown. Names are `[a-zA-Z_][a-zA-Z0-9_]*`.
using Labels = std::vector<std::pair<std::string, std::string>>;

/// What a source tells at a scrape: values that somebody else keeps. One name always comes
/// with one kind and one text of help. One thread at a time.
class Samples {
 public:
  Samples();
  ~Samples();
  Samples(const Samples&) = delete;
  Samples& operator=(const Samples&) = delete;

  /// One that only rises while the process lives; its name ends in `_total`.
  void counter(std::string_view name, std::string_view help, double value, Labels labels = {});
  void gauge(std::string_view name, std::string_view help, double value, Labels labels = {});

 private:
  friend class Metrics;
  struct Families;
  std::unique_ptr<Families> families_;
};

}  // namespace shale::metrics

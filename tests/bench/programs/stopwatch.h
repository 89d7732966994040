#pragma once

#include <cstdint>

namespace shale::bench {

/// Measures from its making on: the time, and what this program took of the CPU.
class Stopwatch {
 public:
  Stopwatch();
  /// Prints one line of JSON, to which more numbers and texts can be added.
  void print(const char* name, std::uint64_t value, const char* more = "") const;

 private:
  double began_;
  double cpu_before_;
};

}  // namespace shale::bench

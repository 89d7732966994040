#pragma once

#include <cstdint>
#include <optional>

#include "metrics/samples.h"

namespace shale::metrics {

/// What the kernel knows of this process. Memory in bytes; none: it cannot be read.
struct Process {
  std::optional<double> cpu_seconds;
  std::optional<std::uint64_t> resident;
  std::optional<std::uint64_t> address_space;
  std::optional<std::uint64_t> threads;
  std::optional<double> started;  ///< seconds since 1970
  std::optional<std::uint64_t> open_files;
  std::optional<std::uint64_t> most_files;
};

/// Reads /proc, which no disk is behind. Thread-safe.
Process read_process();

/// The same as samples, by the names that all exporters share.
void describe_process(Samples& samples);

}  // namespace shale::metrics

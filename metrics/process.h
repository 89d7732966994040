#pragma once

#include "metrics/samples.h"

namespace shale::metrics {

/// What the kernel knows of this process, by the names that all exporters share: memory,
/// processor time, descriptors, threads and the time of its start. What cannot be read is
/// left out. Reads /proc, which no disk is behind. Thread-safe.
void describe_process(Samples& samples);

}  // namespace shale::metrics

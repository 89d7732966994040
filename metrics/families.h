#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include <prometheus/metric_family.h>

#include "metrics/samples.h"

namespace shale::metrics {

struct Samples::Families {
  prometheus::MetricFamily& family(std::string_view name, std::string_view help,
                                   prometheus::MetricType type);

  std::vector<prometheus::MetricFamily> all;  ///< in the order in which they were first named
  std::map<std::string, std::size_t, std::less<>> places;
};

}  // namespace shale::metrics

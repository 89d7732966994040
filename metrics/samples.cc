#include "metrics/samples.h"

#include <cassert>

#include "metrics/families.h"

namespace shale::metrics {
namespace {

prometheus::ClientMetric metric_with(Labels labels) {
  prometheus::ClientMetric metric;
  metric.label.reserve(labels.size());
  for (auto& [name, value] : labels)
    metric.label.push_back({std::move(name), std::move(value)});
  return metric;
}

}  // namespace

Samples::Samples() : families_(std::make_unique<Families>()) {}
Samples::~Samples() = default;

prometheus::MetricFamily& Samples::Families::family(std::string_view name, std::string_view help,
                                                    prometheus::MetricType type) {
  auto place = places.find(name);
  if (place == places.end()) {
    place = places.emplace(name, all.size()).first;
    all.push_back({std::string(name), std::string(help), type, {}});
  }
  prometheus::MetricFamily& family = all[place->second];
  assert(family.type == type);
  return family;
}

void Samples::counter(std::string_view name, std::string_view help, double value, Labels labels) {
  prometheus::ClientMetric metric = metric_with(std::move(labels));
  metric.counter.value = value;
  families_->family(name, help, prometheus::MetricType::Counter)
      .metric.push_back(std::move(metric));
}

void Samples::gauge(std::string_view name, std::string_view help, double value, Labels labels) {
  prometheus::ClientMetric metric = metric_with(std::move(labels));
  metric.gauge.value = value;
  families_->family(name, help, prometheus::MetricType::Gauge).metric.push_back(std::move(metric));
}

}  // namespace shale::metrics

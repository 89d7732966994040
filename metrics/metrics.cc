#include "metrics/metrics.h"

#include <algorithm>
#include <iterator>
#include <map>
#include <mutex>
#include <utility>

#include <prometheus/counter.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

#include "metrics/families.h"

namespace shale::metrics {
namespace {

std::map<std::string, std::string> as_map(const Labels& labels) {
  return {labels.begin(), labels.end()};
}

}  // namespace

void Counter::add(double amount) const {
  counter_->Increment(amount);
}

void Histogram::observe(double value) const {
  histogram_->Observe(value);
}

struct Metrics::State {
  prometheus::Registry registry;
  std::mutex mutex;  ///< one scrape at a time, and no source is added meanwhile
  std::vector<Source> sources;
};

Metrics::Metrics() : state_(std::make_unique<State>()) {}
Metrics::~Metrics() = default;

Counter Metrics::counter(std::string_view name, std::string_view help, const Labels& labels) {
  auto& family = prometheus::BuildCounter()
                     .Name(std::string(name))
                     .Help(std::string(help))
                     .Register(state_->registry);
  return Counter(family.Add(as_map(labels)));
}

Histogram Metrics::histogram(std::string_view name, std::string_view help,
                             const std::vector<double>& bounds, const Labels& labels) {
  auto& family = prometheus::BuildHistogram()
                     .Name(std::string(name))
                     .Help(std::string(help))
                     .Register(state_->registry);
  return Histogram(family.Add(as_map(labels), bounds));
}

void Metrics::add_source(Source source) {
  const std::scoped_lock lock(state_->mutex);
  state_->sources.push_back(std::move(source));
}

std::string Metrics::text() const {
  const std::scoped_lock lock(state_->mutex);
  std::vector<prometheus::MetricFamily> families = state_->registry.Collect();
  Samples samples;
  for (const Source& source : state_->sources)
    source(samples);
  std::ranges::move(samples.families_->all, std::back_inserter(families));
  return prometheus::TextSerializer().Serialize(families);
}

}  // namespace shale::metrics

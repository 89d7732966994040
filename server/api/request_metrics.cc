#include "server/api/request_metrics.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "server/index/names.h"

namespace shale::api {
namespace {

using metrics::Labels;

constexpr double kKiB = 1024;
constexpr double kMiB = 1024 * kKiB;
constexpr double kGiB = 1024 * kMiB;

/// From a manifest out of memory to a layer over a slow line.
const std::vector<double> kSeconds = {0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5,
                                      1,     2.5,    5,     10,   30,    60,   300, 1800};
/// From an index to a layer with a model in it.
const std::vector<double> kBytes = {kKiB,      4 * kKiB,  16 * kKiB,  64 * kKiB, kMiB,
                                    10 * kMiB, 64 * kMiB, 256 * kMiB, kGiB,      10 * kGiB};

constexpr std::size_t kMethods = static_cast<std::size_t>(http::Method::kOther) + 1;
constexpr std::size_t kBrokenOff = 0;

std::size_t class_of(const http::Exchange& exchange) {
  if (!exchange.complete || exchange.status < 100 || exchange.status > 599) return kBrokenOff;
  return static_cast<std::size_t>(exchange.status / 100);
}

std::string text_of_class(std::size_t status_class) {
  return status_class == kBrokenOff ? "aborted" : std::to_string(status_class) + "xx";
}

/// Whether the body is what was asked for, and not words about an error.
bool gives_content(const http::Exchange& exchange) {
  return exchange.request.method == http::Method::kGet &&
         (exchange.status == 200 || exchange.status == 206);
}

bool is_pull(const http::Exchange& exchange) {
  return gives_content(exchange) && exchange.complete;
}

bool is_push(const http::Exchange& exchange, const Route& route) {
  return exchange.status == 201 && exchange.complete &&
         (route.resource == Resource::kManifest || route.resource == Resource::kUpload ||
          route.resource == Resource::kUploads);
}

constexpr std::string_view kOthers = "(others)";

}  // namespace

struct RequestMetrics::Series {
  metrics::Counter requests;
  metrics::Histogram seconds;
  metrics::Histogram bytes_in;
  metrics::Histogram bytes_out;
};

struct RequestMetrics::OfRepository {
  metrics::Counter pulls;
  metrics::Counter pushes;
  metrics::Counter bytes_out;
  metrics::Counter bytes_in;
};

RequestMetrics::RequestMetrics(metrics::Metrics& metrics, std::size_t repositories)
    : metrics_(metrics),
      most_repositories_(repositories),
      rows_(routes().size() + kMethods),
      manifest_pulls_(metrics.counter("shale_manifest_pulls_total",
                                      "Manifests that were given out, heads left out.")),
      manifest_pushes_(
          metrics.counter("shale_manifest_pushes_total", "Manifests that were taken in.")),
      blob_pulls_(metrics.counter("shale_blob_pulls_total",
                                  "Blobs that were given out, whole or in part.")),
      blob_pull_bytes_(
          metrics.counter("shale_blob_pull_bytes_total", "Bytes of blobs that were given out.")) {}

RequestMetrics::~RequestMetrics() = default;

void RequestMetrics::finished(const http::Exchange& exchange, const Route* route,
                              std::string_view repository) {
  const std::size_t row = route != nullptr
                              ? static_cast<std::size_t>(route - routes().data())
                              : routes().size() + static_cast<std::size_t>(exchange.request.method);
  const Series& found = series(row, class_of(exchange), route, exchange.request);
  found.requests.add();
  found.seconds.observe(std::chrono::duration<double>(exchange.duration).count());
  found.bytes_in.observe(static_cast<double>(exchange.bytes_in));
  found.bytes_out.observe(static_cast<double>(exchange.bytes_out));
  if (route == nullptr) return;
  count_content(exchange, *route);
  if (most_repositories_ > 0 && !repository.empty()) count_repository(exchange, *route, repository);
}

RequestMetrics::Series& RequestMetrics::series(std::size_t row, std::size_t status_class,
                                               const Route* route, const http::Request& request) {
  std::atomic<Series*>& place = rows_[row].at(status_class);
  if (Series* known = place.load(std::memory_order_acquire)) return *known;
  const std::scoped_lock lock(mutex_);
  if (Series* known = place.load(std::memory_order_relaxed)) return *known;
  const bool is_known = request.method != http::Method::kOther;
  const Labels labels = {
      {"route", route != nullptr ? std::string(route->pattern) : "(none)"},
      {"method", is_known ? std::string(http::method_name(request.method)) : "(other)"},
      {"code", text_of_class(status_class)}};
  all_.push_back(std::make_unique<Series>(Series{
      metrics_.counter("shale_http_requests_total", "Requests that were answered or broke off.",
                       labels),
      metrics_.histogram("shale_http_request_duration_seconds",
                         "From the end of the head to the end of the answer.", kSeconds, labels),
      metrics_.histogram("shale_http_request_size_bytes", "Bytes of request bodies.", kBytes,
                         labels),
      metrics_.histogram("shale_http_response_size_bytes", "Bytes of response bodies.", kBytes,
                         labels)}));
  place.store(all_.back().get(), std::memory_order_release);
  return *all_.back();
}

void RequestMetrics::count_content(const http::Exchange& exchange, const Route& route) {
  if (route.resource == Resource::kManifest) {
    if (is_pull(exchange)) manifest_pulls_.add();
    if (is_push(exchange, route)) manifest_pushes_.add();
  } else if (route.resource == Resource::kBlob && gives_content(exchange)) {
    if (is_pull(exchange)) blob_pulls_.add();
    blob_pull_bytes_.add(static_cast<double>(exchange.bytes_out));
  }
}

void RequestMetrics::count_repository(const http::Exchange& exchange, const Route& route,
                                      std::string_view repository) {
  const bool content = route.resource == Resource::kManifest || route.resource == Resource::kBlob ||
                       route.resource == Resource::kUpload || route.resource == Resource::kUploads;
  // Names that are not there must not use the bound up. What broke off before it was answered
  // has the status 0, and any name.
  if (!content || exchange.status < 200 || exchange.status >= 400) return;
  if (!index::RepositoryName::parse(repository)) return;
  const std::scoped_lock lock(mutex_);
  auto found = repositories_.find(std::string(repository));
  if (found == repositories_.end() && repositories_.size() >= most_repositories_) {
    repository = kOthers;
    found = repositories_.find(std::string(repository));
  }
  if (found == repositories_.end()) {
    const Labels labels = {{"repository", std::string(repository)}};
    auto made = std::make_unique<OfRepository>(OfRepository{
        metrics_.counter("shale_repository_pulls_total", "Manifests that were given out.", labels),
        metrics_.counter("shale_repository_pushes_total", "Manifests that were taken in.", labels),
        metrics_.counter("shale_repository_sent_bytes_total", "Bytes of response bodies.", labels),
        metrics_.counter("shale_repository_received_bytes_total", "Bytes of request bodies.",
                         labels)});
    found = repositories_.emplace(repository, std::move(made)).first;
  }
  const OfRepository& counters = *found->second;
  if (route.resource == Resource::kManifest && is_pull(exchange)) counters.pulls.add();
  if (route.resource == Resource::kManifest && is_push(exchange, route)) counters.pushes.add();
  counters.bytes_out.add(static_cast<double>(exchange.bytes_out));
  counters.bytes_in.add(static_cast<double>(exchange.bytes_in));
}

void RequestMetrics::login(std::string_view source, std::string_view outcome) {
  const std::scoped_lock lock(mutex_);
  auto key = std::pair(std::string(source), std::string(outcome));
  auto found = logins_.find(key);
  if (found == logins_.end()) {
    const Labels labels = {{"source", key.first}, {"outcome", key.second}};
    found =
        logins_
            .emplace(std::move(key),
                     metrics_.counter("shale_logins_total",
                                      "Logins that were verified, by what they came with.", labels))
            .first;
  }
  found->second.add();
}

}  // namespace shale::api

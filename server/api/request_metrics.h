#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "metrics/metrics.h"
#include "server/api/routes.h"
#include "server/http/application.h"

namespace shale::api {

/// Counts requests by their route, method and class of status, and pulls and pushes by
/// repository where that is asked for. Series begin to exist with their first request.
/// Borrows the metrics. Thread-safe.
class RequestMetrics {
 public:
  /// `repositories`: so many repositories have series of their own, those that are asked for
  /// first; all others share one.
  RequestMetrics(metrics::Metrics& metrics, std::size_t repositories);
  ~RequestMetrics();
  RequestMetrics(const RequestMetrics&) = delete;
  RequestMetrics& operator=(const RequestMetrics&) = delete;

  /// `route` is null where none was found, `target` then does not matter.
  void finished(const http::Exchange& exchange, const Route* route, std::string_view repository);
  /// A login that was tried, from which source, and what came of it.
  void login(std::string_view source, std::string_view outcome);

 private:
  struct Series;
  struct OfRepository;

  /// Of a status from 100 to 599, and of an answer that broke off.
  static constexpr std::size_t kClasses = 6;
  using Row = std::array<std::atomic<Series*>, kClasses>;

  Series& series(std::size_t row, std::size_t status_class, const Route* route,
                 const http::Request& request);
  void count_content(const http::Exchange& exchange, const Route& route);
  void count_repository(const http::Exchange& exchange, const Route& route,
                        std::string_view repository);

  metrics::Metrics& metrics_;
  const std::size_t most_repositories_;
  std::vector<Row> rows_;  ///< one for each route, and one for each method without a route
  std::mutex mutex_;       ///< guards what follows; taken where something is new, or by repository
  std::vector<std::unique_ptr<Series>> all_;
  std::unordered_map<std::string, std::unique_ptr<OfRepository>> repositories_;
  std::map<std::pair<std::string, std::string>, metrics::Counter> logins_;

  const metrics::Counter manifest_pulls_;
  const metrics::Counter manifest_pushes_;
  const metrics::Counter blob_pulls_;
  const metrics::Counter blob_pull_bytes_;
};

}  // namespace shale::api

#include "server/api/access_log.h"

#include <chrono>
#include <string>
#include <vector>

#include "server/api/logged_query.h"
#include "server/http/forwarded.h"
#include "server/http/trace_context.h"

namespace shale::api {
namespace {

/// Not 501 and 505, which say that the client asked for what HTTP here does not have.
bool is_fault_of_ours(int status) {
  return status == 500 || status == 503 || status == 507;
}

/// What is asked every few seconds by machines, and tells nobody anything while it is well.
bool probes(std::string_view path) {
  return path == "/livez" || path == "/readyz" || path == "/startupz" || path == "/metrics";
}

/// A body takes its time, however well the server does: each MiB is granted a second.
bool is_slow(const http::Exchange& exchange, std::chrono::milliseconds limit) {
  if (limit.count() == 0) return false;
  const auto granted = std::chrono::seconds((exchange.bytes_in + exchange.bytes_out) >> 20);
  return exchange.duration > limit + granted;
}

}  // namespace

void log_request(log::Logger& logger, const Settings& settings, const http::Exchange& exchange,
                 std::string_view user) {
  const bool is_a_probe = probes(exchange.request.path) && exchange.status == 200;
  const bool failed = is_fault_of_ours(exchange.status);
  const bool slow = is_slow(exchange, settings.slow);
  if (!settings.access_log && !failed && !slow) return;
  const log::Level level = failed       ? log::Level::kError
                           : slow       ? log::Level::kWarn
                           : is_a_probe ? log::Level::kDebug
                                        : log::Level::kInfo;
  if (!logger.enabled(level)) return;

  const http::Request& request = exchange.request;
  const http::ClientView client = http::client_view(request, settings.front.trusted_proxies);
  std::vector<log::Field> fields = {
      {"request_id", request.id},
      {"client", client.address},
      {"method", request.method_text},
      {"path", request.path},
      {"status", exchange.status},
      {"bytes_in", exchange.bytes_in},
      {"bytes_out", exchange.bytes_out},
      {"ms", std::chrono::duration<double, std::milli>(exchange.duration).count()},
  };
  if (!user.empty()) fields.emplace_back("user", user);
  const std::string query = logged_query(request.query);
  if (!query.empty()) fields.emplace_back("query", std::string_view(query));
  if (const auto agent = request.headers.find("User-Agent")) fields.emplace_back("agent", *agent);
  const auto traced = request.headers.find("traceparent");
  if (const auto trace = traced ? http::parse_traceparent(*traced) : std::nullopt) {
    fields.emplace_back("trace_id", trace->trace_id);
    fields.emplace_back("parent_id", trace->parent_id);
  }
  if (!exchange.complete) fields.emplace_back("cut_off", true);
  if (!exchange.log_message.empty()) fields.emplace_back("cause", exchange.log_message);
  logger.log(level, slow && !failed ? "slow request" : "request", fields);
}

}  // namespace shale::api

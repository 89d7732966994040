#include "server/net/exchange.h"

#include <exception>
#include <utility>

namespace shale::net {
namespace {

/// The answer to an exception. Where even that throws, a bare one.
void fail(http::Application& application, ActiveRequest& active, const char* cause) noexcept {
  try {
    active.outcome = application.refuse(active.request, http::Refusal::kInternal);
    active.outcome->log_message = cause;
  } catch (...) {
    active.outcome.emplace().status = http::status_of(http::Refusal::kInternal);
  }
}

/// The boundary that no exception crosses.
template <class Work>
void guarded(http::Application& application, ActiveRequest& active, Work work) {
  try {
    work();
  } catch (const std::exception& exception) {
    fail(application, active, exception.what());
  } catch (...) {
    fail(application, active, "an exception of unknown type");
  }
}

}  // namespace

void run_respond(http::Application& application, ActiveRequest& active) {
  guarded(application, active, [&] {
    const auto* on_worker = std::get_if<http::Plan::OnWorker>(&active.plan.how);
    const auto& respond = on_worker != nullptr
                              ? on_worker->respond
                              : std::get<http::Plan::OnPool>(active.plan.how).respond;
    active.outcome = respond(active.request);
  });
}

void run_open(http::Application& application, ActiveRequest& active) {
  guarded(application, active, [&] {
    http::Opened opened = std::get<http::Plan::Stream>(active.plan.how).open(active.request);
    if (auto* refused = std::get_if<http::Response>(&opened)) {
      active.outcome = std::move(*refused);
    } else {
      active.sink = std::move(std::get<std::unique_ptr<http::BodySink>>(opened));
    }
  });
}

void run_admit(http::Application& application, ActiveRequest& active) {
  guarded(application, active, [&] {
    active.outcome = std::get<http::Plan::OnPool>(active.plan.how).admit(active.request);
  });
}

void run_append(http::Application& application, ActiveRequest& active,
                std::span<const std::byte> bytes, Last last) {
  guarded(application, active, [&] {
    if (!bytes.empty()) active.outcome = active.sink->append(bytes);
    if (!active.outcome && last == Last::kYes) active.outcome = active.sink->finish();
    if (active.outcome) active.sink.reset();
  });
}

}  // namespace shale::net

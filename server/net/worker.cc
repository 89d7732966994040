#include "server/net/worker.h"

#include <cerrno>
#include <ctime>
#include <exception>
#include <system_error>
#include <utility>
#include <variant>

#include <sys/timerfd.h>

#include "server/http/response_head.h"
#include "server/net/boundary.h"
#include "server/net/plain_stream.h"
#include "server/net/tls_stream.h"

namespace shale::net {
namespace {

using Pistache::Polling::Mode;
using Pistache::Polling::NotifyOn;
using Pistache::Polling::Tag;

// Tags below `kFirstConnection` are the worker's own descriptors; the reactor's
// own, tagged by descriptor number, never get here.
constexpr ConnectionId kInboxTag = std::uint64_t{1} << 40;
constexpr ConnectionId kTimerTag = kInboxTag + 1;
constexpr ConnectionId kFirstConnection = kInboxTag + 2;

constexpr std::size_t kScratchSize = std::size_t{64} * 1024;
/// How late a deadline may be noticed.
constexpr long kTickNanoseconds = 250'000'000;

}  // namespace

Worker::Worker(Shared& shared)
    : shared_(shared),
      inbox_(std::make_shared<Inbox>()),
      timer_(::timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC)),
      scratch_(kScratchSize),
      context_{.application = shared.application,
               .pool = shared.pool,
               .aside = shared.aside,
               .memory = shared.memory,
               .options = shared.options,
               .traffic = shared.traffic,
               .timeouts = shared.options.timeouts,
               .head = shared.options.head,
               .inbox = inbox_,
               .scratch = scratch_,
               .next_request_id = [this] { return next_request_id(); },
               .now = {},
               .date = {}},
      index_(shared.workers++),
      next_id_(kFirstConnection) {
  if (!timer_) throw std::system_error(errno, std::generic_category(), "timerfd_create");
}

Worker::Worker(const Worker& other) : Worker(other.shared_) {}

Worker::~Worker() = default;

void Worker::registerPoller(Pistache::Polling::Epoll& poller) {
  poller.addFd(inbox_->descriptor(), Pistache::Flags<NotifyOn>(NotifyOn::Read), Tag(kInboxTag));
  poller.addFd(timer_.get(), Pistache::Flags<NotifyOn>(NotifyOn::Read), Tag(kTimerTag));
}

void Worker::onReady(const Pistache::Aio::FdSet& fds) {
  // The reactor's threads end the process on an exception, so none leaves here.
  contained(shared_.options, "an event loop met an exception", [&] { handle(fds); });
}

void Worker::handle(const Pistache::Aio::FdSet& fds) {
  refresh_context();
  for (const auto& fd : fds) {
    const ConnectionId id = fd.getTag().value();
    if (id == kInboxTag) {
      take_messages();
    } else if (id == kTimerTag) {
      check_deadlines();
    } else if (const auto found = connections_.find(id); found != connections_.end()) {
      let(found, &Connection::advance);
    }
  }
  give_turns();
}

void Worker::refresh_context() {
  context_.now = std::chrono::steady_clock::now();
  shared_.limits.refresh(limits_seen_, context_.timeouts, context_.head);
  const std::time_t second = std::time(nullptr);
  if (second == date_second_) return;
  date_second_ = second;
  context_.date = http::http_date(second);
}

void Worker::take_messages() {
  for (Message& message : inbox_->take()) {
    contained(shared_.options, "an event loop lost a message", [&] { take(std::move(message)); });
  }
}

void Worker::take(Message message) {
  if (auto* arrived = std::get_if<Arrived>(&message)) {
    adopt(std::move(*arrived));
  } else if (const auto* done = std::get_if<JobDone>(&message)) {
    const auto found = connections_.find(done->connection);
    if (found != connections_.end()) let(found, &Connection::job_done);
  } else if (std::holds_alternative<Drain>(message)) {
    drain_all();
  } else {
    abandon_all();
  }
}

void Worker::adopt(Arrived arrived) {
  if (draining_) return;
  const ConnectionId id = next_id_++;
  const int fd = arrived.socket.get();
  auto connection = std::make_unique<Connection>(id, stream_over(arrived), std::move(arrived.peer),
                                                 std::move(arrived.slot), context_);
  try {
    // Registering first reports what has come already, so no data is missed.
    reactor()->registerFd(key(), fd, NotifyOn::Read | NotifyOn::Write | NotifyOn::Shutdown, Tag(id),
                          Mode::Edge);
  } catch (const std::exception& exception) {
    shared_.options.warn("a connection could not be watched", exception.what());
    return;
  }
  const ConnectionState state = connection->state();
  connections_.emplace(id, Kept{.connection = std::move(connection), .counted = state});
  shared_.traffic.enter(state);
  arm_timer(/*on=*/true);
}

std::unique_ptr<Stream> Worker::stream_over(Arrived& arrived) {
  if (!arrived.peer.tls) return std::make_unique<PlainStream>(std::move(arrived.socket));
  return std::make_unique<TlsStream>(std::move(arrived.socket), *shared_.tls, scratch_);
}

void Worker::let(Connections::iterator where, void (Connection::*act)()) {
  Connection& connection = *where->second.connection;
  if (!contained(shared_.options, "a connection was given up", [&] { (connection.*act)(); })) {
    connection.close();
  }
  settle(where);
}

void Worker::settle(Connections::iterator where) {
  Kept& kept = where->second;
  if (kept.connection->closed()) {
    shared_.traffic.leave(kept.counted);
    connections_.erase(where);  // closing the socket takes it out of the poll set
    return;
  }
  if (const ConnectionState state = kept.connection->state(); state != kept.counted) {
    shared_.traffic.leave(std::exchange(kept.counted, state));
    shared_.traffic.enter(state);
  }
  if (kept.connection->wants_turn() && !kept.due) {
    due_.push_back(where->first);
    kept.due = true;
  }
}

void Worker::give_turns() {
  // One round only: what else has happened meanwhile comes before the next one.
  for (const ConnectionId id : std::exchange(due_, {})) {
    const auto found = connections_.find(id);
    if (found == connections_.end()) continue;
    found->second.due = false;
    if (found->second.connection->wants_turn()) let(found, &Connection::advance);
  }
  if (!due_.empty()) inbox_->wake();
}

void Worker::drain_all() {
  draining_ = true;
  for (auto at = connections_.begin(); at != connections_.end();) {
    const auto current = at++;
    let(current, &Connection::drain);
  }
}

void Worker::abandon_all() {
  for (const auto& [id, kept] : connections_)
    shared_.traffic.leave(kept.counted);
  connections_.clear();
}

void Worker::check_deadlines() {
  std::uint64_t expirations = 0;
  static_cast<void>(::read(timer_.get(), &expirations, sizeof expirations));
  for (auto at = connections_.begin(); at != connections_.end();) {
    const auto current = at++;
    let(current, &Connection::check_deadline);
  }
  if (connections_.empty()) arm_timer(/*on=*/false);
}

void Worker::arm_timer(bool on) {
  if (timer_armed_ == on) return;
  timer_armed_ = on;
  ::itimerspec spec{};
  if (on) {
    spec.it_interval.tv_nsec = kTickNanoseconds;
    spec.it_value.tv_nsec = kTickNanoseconds;
  }
  ::timerfd_settime(timer_.get(), 0, &spec, nullptr);
}

std::string Worker::next_request_id() {
  return shared_.id_prefix + '-' + std::to_string(index_) + '-' + std::to_string(++requests_);
}

}  // namespace shale::net

#include "server/cli/samples.h"

#include <chrono>
#include <cstddef>
#include <string>

namespace shale::cli {
namespace {

using metrics::Samples;

template <class Number>
double number(Number value) {
  return static_cast<double>(value);
}

double unix_time(std::chrono::system_clock::time_point time) {
  return std::chrono::duration<double>(time.time_since_epoch()).count();
}

void sample_collection(const registry::CollectReport& done, Samples& samples) {
  samples.counter("shale_collector_freed_bytes_total", "Bytes of blobs that were freed.",
                  number(done.bytes));
  samples.counter("shale_collector_freed_blobs_total", "Blobs that were freed.",
                  number(done.blobs));
  samples.counter("shale_collector_removed_links_total",
                  "Blobs that a repository shows no more, since no manifest of it names them.",
                  number(done.links));
  samples.counter("shale_collector_removed_manifests_total",
                  "Manifests that went for good, out of the history or for want of a tag.",
                  number(done.manifests));
}

void sample_uploads(const registry::Activity& activity, Samples& samples) {
  samples.gauge("shale_uploads_open", "Uploads that have begun and not ended.",
                number(activity.uploads_open));
  samples.counter("shale_uploads_begun_total", "Uploads that clients have begun.",
                  number(activity.uploads_begun));
  constexpr const char* kName = "shale_uploads_ended_total";
  constexpr const char* kHelp =
      "Uploads that have ended: as a blob, cancelled by the client, or expired.";
  samples.counter(kName, kHelp, number(activity.uploads_finished), {{"how", "finished"}});
  samples.counter(kName, kHelp, number(activity.uploads_cancelled), {{"how", "cancelled"}});
  samples.counter(kName, kHelp, number(activity.uploads_expired), {{"how", "expired"}});
}

void sample_scrub(const registry::ScrubDesk::Status& status, Samples& samples) {
  samples.gauge("shale_quarantined_blobs", "Blobs that are set aside as damaged.",
                number(status.set_aside));
  samples.counter("shale_blobs_lost_on_read_total",
                  "Pulls that found the bytes of a blob gone or of a wrong size.",
                  number(status.lost_on_read));
  samples.gauge("shale_scrub_running", "Whether a scrub runs.", status.running ? 1 : 0);
  samples.gauge("shale_scrub_read_bytes", "Bytes that the current or last scrub has read.",
                number(status.report.bytes));
  samples.gauge("shale_scrub_checked_blobs", "Blobs that the current or last scrub has looked at.",
                number(status.report.blobs));
  samples.gauge("shale_scrub_bad_blobs",
                "Blobs that the current or last scrub found damaged, gone or unreadable.",
                number(status.report.damaged + status.report.missing + status.report.unreadable));
  if (status.finished) {
    samples.gauge("shale_scrub_last_end_timestamp_seconds", "When the last scrub ended.",
                  unix_time(*status.finished));
  }
}

void sample_usage(const registry::UsageReport::Totals& totals, Samples& samples) {
  samples.gauge("shale_repositories", "Repositories.", number(totals.stored.repositories));
  samples.gauge("shale_manifests", "Manifests, each once.", number(totals.stored.manifests));
  samples.gauge("shale_blobs", "Blobs that are stored, each once.", number(totals.stored.blobs));
  samples.gauge("shale_tags", "Tags of all repositories.", number(totals.sum.tags));
  samples.gauge("shale_stored_bytes", "Bytes of blobs and manifests, each once.",
                number(totals.stored.bytes));
  samples.gauge("shale_logical_bytes",
                "Bytes of blobs and manifests, once for each repository that has them: what would "
                "be stored if nothing were shared.",
                number(totals.sum.logical));
}

void sample_engine(const index::EngineReport& engine, Samples& samples) {
  samples.gauge("shale_metadata_failed",
                "Whether the metadata take no commits any more, until a restart.",
                engine.failure ? 1 : 0);
  samples.gauge("shale_rocksdb_write_stopped", "Whether writers wait for compaction.",
                engine.stopped ? 1 : 0);
  samples.counter("shale_rocksdb_stall_seconds_total",
                  "How long writers were slowed down or stopped.", engine.stalled_seconds);
  samples.gauge("shale_rocksdb_running_compactions", "Compactions that run.",
                number(engine.running_compactions));
  samples.gauge("shale_rocksdb_pending_compaction_bytes",
                "Bytes that compaction has yet to rewrite.", number(engine.pending_compaction));
  constexpr const char* kCompaction = "shale_rocksdb_compaction_bytes_total";
  constexpr const char* kCompactionHelp = "Bytes that compactions have moved.";
  samples.counter(kCompaction, kCompactionHelp, number(engine.compaction_read), {{"io", "read"}});
  samples.counter(kCompaction, kCompactionHelp, number(engine.compaction_written),
                  {{"io", "write"}});
  samples.gauge("shale_rocksdb_memtable_bytes", "Rows in memory that are not in sorted files yet.",
                number(engine.in_memory));
  constexpr const char* kHits = "shale_rocksdb_cache_hits_total";
  constexpr const char* kMisses = "shale_rocksdb_cache_misses_total";
  samples.counter(kHits, "Reads that the cache answered.", number(engine.block_cache_hits),
                  {{"cache", "block"}});
  samples.counter(kHits, "Reads that the cache answered.", number(engine.row_cache_hits),
                  {{"cache", "row"}});
  samples.counter(kMisses, "Reads that the cache could not answer.",
                  number(engine.block_cache_misses), {{"cache", "block"}});
  samples.counter(kMisses, "Reads that the cache could not answer.",
                  number(engine.row_cache_misses), {{"cache", "row"}});
  for (std::size_t level = 0; level < engine.levels.size(); ++level) {
    const metrics::Labels labels = {{"level", std::to_string(level)}};
    samples.gauge("shale_rocksdb_level_bytes", "Bytes of the sorted files of a level.",
                  number(engine.levels[level].bytes), labels);
    samples.gauge("shale_rocksdb_level_files", "Sorted files of a level.",
                  number(engine.levels[level].files), labels);
  }
}

/// How long the collector has something to do that it should have done.
void sample_queue(const index::MetadataStore& metadata, Time now, Samples& samples) {
  constexpr std::size_t kMostCounted = 1000;
  const auto due = metadata.list_doomed(now, kMostCounted, {});
  if (!due) return;
  samples.gauge("shale_collector_due_entries",
                "What the collector may free and has not yet, counted up to 1000.",
                number(due->size()));
  const auto oldest = due->empty() ? std::chrono::milliseconds(0) : now - due->front().due;
  samples.gauge("shale_collector_lag_seconds", "For how long the oldest of that could have gone.",
                std::chrono::duration<double>(oldest).count());
}

}  // namespace

void sample_log(const log::Logger& logger, const char* name, metrics::Samples& samples) {
  samples.counter("shale_log_lines_dropped_total",
                  "Lines of a log that were lost because they could not be written in time.",
                  static_cast<double>(logger.dropped()), {{"log", name}});
  samples.counter("shale_log_write_failures_total",
                  "Writes of a log that failed, with the lines in them.",
                  static_cast<double>(logger.failed_writes()), {{"log", name}});
}

std::string_view state_name(net::ConnectionState state) noexcept {
  switch (state) {
    case net::ConnectionState::kHandshake:
      return "handshake";
    case net::ConnectionState::kWaiting:
      return "waiting";
    case net::ConnectionState::kReceiving:
      return "receiving";
    case net::ConnectionState::kWorking:
      return "working";
    case net::ConnectionState::kSending:
      return "sending";
    case net::ConnectionState::kClosing:
      break;
  }
  return "closing";
}

void sample_server(const net::Server& server, Samples& samples) {
  const net::Traffic& traffic = server.traffic();
  for (std::size_t state = 0; state < net::kConnectionStates; ++state) {
    const auto at = static_cast<net::ConnectionState>(state);
    samples.gauge("shale_connections",
                  "Open connections by what they are at: `receiving` and `sending` are transfers.",
                  number(traffic.in(at)), {{"state", std::string(state_name(at))}});
  }
  samples.counter("shale_connections_accepted_total", "Connections that were taken in.",
                  number(traffic.accepted.load()));
  samples.counter("shale_connections_refused_total",
                  "Connections that were turned away, over a limit of connections or files.",
                  number(traffic.turned_away.load()));
  samples.counter("shale_tls_handshakes_total", "TLS handshakes that came to their end.",
                  number(traffic.handshakes.load()));
  samples.counter("shale_tls_handshake_failures_total",
                  "TLS handshakes that failed, were given up or took too long.",
                  number(traffic.failed_handshakes.load()));
  for (const net::CertificateExpiry& expiry : server.certificate_expiries()) {
    samples.gauge("shale_tls_certificate_expiry_timestamp_seconds",
                  "Until when a certificate is valid.", unix_time(expiry.until),
                  {{"file", expiry.file}});
  }
  const net::Pool::Load pool = server.pool_load();
  samples.gauge("shale_pool_queue_length", "Requests that wait for a thread of the pool.",
                number(pool.waiting));
  samples.gauge("shale_pool_busy_threads", "Threads of the pool that are at something.",
                number(pool.busy));
  samples.gauge("shale_body_memory_free_bytes",
                "What bodies in memory may still take of limits.body_memory.",
                number(server.body_memory_left()));
}

void sample_registry(const registry::Registry& registry, Samples& samples) {
  const registry::Activity activity = registry.activity();
  samples.counter("shale_blob_pushes_total", "Blobs that were taken in.",
                  number(activity.uploads_finished));
  samples.counter("shale_blob_mounts_total",
                  "Blobs that were shown in a repository without an upload.",
                  number(activity.mounts));
  samples.counter("shale_blob_mounted_bytes_total",
                  "Bytes of those, which nobody had to send or to store.",
                  number(activity.mounted_bytes));
  sample_uploads(activity, samples);
  sample_collection(registry.collected(), samples);
  sample_scrub(registry.scrub_desk().status(), samples);
  samples.gauge("shale_read_only", "Whether pushes and deletes are refused.",
                registry.read_only() ? 1 : 0);
  if (const auto totals = registry.usage_report().totals()) sample_usage(*totals, samples);
}

void sample_metadata(const index::MetadataStore& metadata, Time now, Samples& samples) {
  sample_engine(metadata.engine_report(), samples);
  sample_queue(metadata, now, samples);
}

void sample_disk(const BlobStore& blobs, Samples& samples) {
  const auto space = blobs.space();
  if (!space) return;
  samples.gauge("shale_disk_free_bytes", "What may still be written to the disk of the blobs.",
                number(space->free));
  samples.gauge("shale_disk_reserve_bytes", "Under this, uploads are refused.",
                number(space->reserve));
}

}  // namespace shale::cli

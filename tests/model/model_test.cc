#include <cstdlib>
#include <memory>
#include <optional>
#include <random>
#include <thread>

#include <doctest/doctest.h>

#include "server/api/api.h"
#include "server/net/server.h"
#include "tests/crash/verify_store.h"
#include "tests/model/run.h"
#include "tests/server/registry/fixture.h"

/// Long random sequences of requests to a server over a socket, each answer
/// compared with that of a registry in a few maps.
///
/// `SHALE_MODEL_SEED` repeats one run; `SHALE_MODEL_STEPS` makes it longer.
namespace shale::testing::model {
namespace {

/// In so many steps, a sequence comes by everything that `check_seen` asks for.
constexpr std::uint64_t kStepsThatSeeAll = 15'000;

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr std::uint64_t kDefaultSteps = 3'000;
#else
constexpr std::uint64_t kDefaultSteps = kStepsThatSeeAll;
#endif

std::uint64_t from_environment(const char* name, std::uint64_t otherwise) {
  const char* text = std::getenv(name);
  return text == nullptr ? otherwise : std::strtoull(text, nullptr, 10);
}

std::uint64_t seed() {
  static const std::uint64_t kSeed = from_environment("SHALE_MODEL_SEED", std::random_device()());
  return kSeed;
}

std::uint64_t steps() {
  return from_environment("SHALE_MODEL_STEPS", kDefaultSteps);
}

/// Pages and limits so small that the sequences meet them.
Profile small_pages() {
  Profile profile;
  profile.page_size = 4;
  profile.catalog_default = 3;
  profile.tags_per_push = 4;
  profile.manifest_bytes = 16 << 10;
  return profile;
}

/// The stores of the real program with a server before them that can be restarted.
class RestartableServer {
 public:
  explicit RestartableServer(const Profile& profile) : profile_(profile) { start(); }

  std::string address() const { return running_->server.addresses().front(); }

  /// What the end of the process and a new one leave of everything.
  void restart() {
    running_.reset();
    stores_.reopen();
    start();
  }

  /// Both halves of the store, against themselves and each other.
  StoreReport verify() { return verify_store(stores_.root / "blobs", stores_.metadata()); }

 private:
  struct Running {
    Running(DiskStores& stores, const registry::Options& options, const api::Settings& settings,
            const net::Options& net_options)
        : registry(stores.blobs(), stores.metadata(), stores.clock, options),
          api(registry, logger, settings),
          server(api, net_options) {}

    registry::Registry registry;
    log::Logger logger{{.level = log::Level::kError},
                       [](std::string_view, const std::stop_token&) {}};
    api::Api api;
    net::Server server;
  };

  void start() {
    net::Options net_options;
    net_options.listen = {"127.0.0.1:0"};
    net_options.workers = 2;
    net_options.pool_threads = 6;
    const registry::Options options{.manifest_bytes = profile_.manifest_bytes,
                                    .tags_per_push = profile_.tags_per_push};
    api::Settings settings;
    settings.page_size = profile_.page_size;
    settings.catalog_default = profile_.catalog_default;
    settings.manifest_bytes = profile_.manifest_bytes;
    running_ = std::make_unique<Running>(stores_, options, settings, net_options);
  }

  Profile profile_;
  DiskStores stores_;
  std::unique_ptr<Running> running_;
};

void check_store(RestartableServer& server, std::size_t uploads) {
  const StoreReport report = server.verify();
  INFO("first finding: ", report.findings.empty() ? "none" : report.findings.front());
  CHECK(report.findings.empty());
  CHECK(report.orphans == 0);
  CHECK(report.uploads == uploads);
}

/// A sequence that never gets somewhere proves nothing about it.
void check_seen(const Run& run) {
  for (const char* what : {"DELETE blob: 202",
                           "DELETE blob: 404 BLOB_UNKNOWN",
                           "DELETE blob: 405 UNSUPPORTED",
                           "DELETE manifest by tag: 202",
                           "DELETE manifest by tag: 404 MANIFEST_UNKNOWN",
                           "DELETE manifest: 202",
                           "DELETE upload: 204",
                           "DELETE upload: 404 BLOB_UPLOAD_UNKNOWN",
                           "GET base: 200",
                           "GET blob: 200",
                           "GET blob: 206",
                           "GET blob: 304",
                           "GET blob: 404 BLOB_UNKNOWN",
                           "GET blob: 416 UNSUPPORTED",
                           "GET catalog: 200",
                           "GET manifest by tag: 200",

                           "GET manifest by tag: 404 MANIFEST_UNKNOWN",
                           "GET manifest: 200",
                           "GET manifest: 404 MANIFEST_UNKNOWN",
                           "GET nothing: 404 UNSUPPORTED",
                           "GET referrers: 200",
                           "GET tags: 200",
                           "GET tags: 400 NAME_INVALID",
                           "GET tags: 404 NAME_UNKNOWN",
                           "GET upload: 204",
                           "GET upload: 404 BLOB_UPLOAD_UNKNOWN",
                           "HEAD blob: 200",
                           "HEAD manifest: 200",
                           "PATCH upload: 202",
                           "PATCH upload: 404 BLOB_UPLOAD_UNKNOWN",
                           "PATCH upload: 409 BLOB_UPLOAD_INVALID",
                           "PATCH upload: 416 BLOB_UPLOAD_INVALID",
                           "POST uploads: 201",
                           "POST uploads: 202",
                           "POST uploads: 400 DIGEST_INVALID",
                           "PUT manifest by tag: 201",
                           "PUT manifest by tag: 400 MANIFEST_BLOB_UNKNOWN",
                           "PUT manifest by tag: 400 MANIFEST_INVALID",
                           "PUT manifest by tag: 413 MANIFEST_INVALID",
                           "PUT manifest: 201",
                           "PUT manifest: 400 DIGEST_INVALID",
                           "PUT manifest: 414 MANIFEST_INVALID",
                           "PUT upload: 201",
                           "PUT upload: 400 DIGEST_INVALID",
                           "PUT upload: 400 SIZE_INVALID"}) {
    INFO("never seen: ", std::string(what));
    CHECK(run.seen().contains(what));
  }
}

TEST_CASE("Model: clients that take turns get the model's answers, over restarts") {
  MESSAGE("SHALE_MODEL_SEED=", seed());
  const Profile profile = small_pages();
  const Universe universe(seed(), profile);
  RestartableServer server(profile);
  Run run(universe, {.repositories = universe.repositories, .sources = {}}, RegistryModel(profile),
          {.address = server.address(), .connections = 5, .seed = seed()});
  INFO("SHALE_MODEL_SEED=", seed());
  try {
    for (std::uint64_t step = 1; step <= steps(); ++step) {
      run.step();
      if (step % 701 != 0 && step != steps()) continue;
      run.settle();
      if (step % 3 != 0) {
        server.restart();
        run.reconnect(server.address());
      }
      run.compare_everything();
      check_store(server, run.model().uploads().size());
    }
  } catch (const Difference& difference) {
    FAIL(std::string(difference.what()));
  }
  if (steps() >= kStepsThatSeeAll) check_seen(run);
}

/// Pushes every content of the universe, for others to mount.
void fill(Run& run, const Universe& universe, const std::string& repository) {
  for (const std::string& content : universe.contents) {
    run.ask({"POST",
             "/v2/" + repository + "/blobs/uploads/",
             {{"digest", digest_of_bytes(content)}},
             {},
             content});
  }
}

TEST_CASE("Model: clients at the same time get the model's answers, each in its repositories") {
  constexpr std::size_t kClients = 4;
  MESSAGE("SHALE_MODEL_SEED=", seed());
  const Profile profile = small_pages();
  const Universe universe(seed() + 1, profile);
  const std::string shared = "shared/base";
  RestartableServer server(profile);
  std::size_t uploads = 0;
  try {
    Run first(universe, {.repositories = {shared}, .sources = {}}, RegistryModel(profile),
              {.address = server.address(), .connections = 1, .seed = seed()});
    fill(first, universe, shared);

    std::vector<std::unique_ptr<Run>> clients;
    for (std::size_t at = 0; at < kClients; ++at) {
      const std::string own = "client" + std::to_string(at);
      clients.push_back(std::make_unique<Run>(
          universe,
          Scope{.repositories = {own, own + "/blobs", own + "/x/uploads"},
                .sources = {shared},
                .alone = false},
          first.model(),
          Run::Setup{
              .address = server.address(), .connections = 3, .seed = seed() + at, .name = own}));
    }
    std::vector<std::optional<std::string>> failures(kClients);
    {
      std::vector<std::jthread> threads;
      for (std::size_t at = 0; at < kClients; ++at) {
        threads.emplace_back([&client = *clients[at], &failure = failures[at]] {
          try {
            for (std::uint64_t step = 0; step < steps() / 4; ++step)
              client.step();
            client.settle();
          } catch (const std::exception& error) {
            failure = error.what();
          }
        });
      }
    }
    for (std::size_t at = 0; at < kClients; ++at) {
      INFO("client ", at);
      if (failures[at]) FAIL(*failures[at]);
    }

    server.restart();
    RegistryModel whole = first.model();
    for (const auto& client : clients) {
      client->reconnect(server.address());
      client->compare_everything();
      uploads += client->model().uploads().size();
      for (const auto& [name, repository] : client->model().repositories())
        whole.adopt(name, repository);
    }
    Run last(universe, {.repositories = {shared}, .sources = {}}, whole,
             {.address = server.address(), .connections = 1, .seed = seed()});
    last.compare_everything();
  } catch (const Difference& difference) {
    FAIL(std::string(difference.what()));
  }
  check_store(server, uploads);
}

}  // namespace
}  // namespace shale::testing::model

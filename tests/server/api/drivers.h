#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "blobstore/guarded.h"
#include "server/api/api.h"
#include "server/net/server.h"
#include "tests/server/api/client.h"
#include "tests/server/api/fake_operations.h"
#include "tests/server/registry/fixture.h"

namespace shale::testing {

/// The application over stores of its own.
template <class Stores>
struct House {
  explicit House(const Setup& setup)
      : registry(stores.blobs(), stores.metadata(), stores.clock, setup.registry),
        api(registry, logger, setup.settings,
            {.guard = setup.guard,
             .operations = setup.operations != nullptr ? setup.operations : &operations,
             .metrics = setup.metrics}) {}

  std::string log() {
    logger.flush(std::chrono::seconds(10));
    return *lines.lock();
  }

  Stores stores;
  FakeOperations operations;
  registry::Registry registry;
  Guarded<std::string> lines;
  log::Logger logger{
      {.format = log::Format::kJson, .level = log::Level::kInfo},
      [this](std::string_view text, const std::stop_token&) { lines.lock()->append(text); }};
  api::Api api;
};

/// So that the sinks see a body in more than one piece.
inline constexpr std::size_t kPiece = 700;

/// Takes one whole request through `application` as `server/net` does, without a
/// socket, its body in pieces. The answer may not have files in its body.
WireResponse answer_in_process(http::Application& application, std::string_view request,
                               std::string id, std::size_t piece_bytes);

/// Over memory stores and without a socket: parses the request, runs its plan
/// as `server/net` does, and reads the answer back from its bytes.
class InProcess final : public Client {
 public:
  explicit InProcess(const Setup& setup = {}) : house_(setup) {}

  std::unique_ptr<HeldRequest> hold(std::string_view head, std::string_view body) override;
  FakeClock& clock() override { return house_.stores.clock; }
  BlobStore& blobs() override { return house_.stores.blobs(); }
  index::MetadataStore& metadata() override { return house_.stores.metadata(); }
  registry::Registry& registry() override { return house_.registry; }
  MemoryBlobStore& memory() { return house_.stores.blob_store; }

 protected:
  WireResponse exchange(std::string_view request) override;
  std::string log() override { return house_.log(); }

 private:
  House<MemoryStores> house_;
  int requests_ = 0;
};

/// Over files and RocksDB, through `net::Server` on a port of this machine. Keeps
/// its connection as long as the server does.
class OverSocket final : public Client {
 public:
  explicit OverSocket(const Setup& setup = {});

  std::unique_ptr<HeldRequest> hold(std::string_view head, std::string_view body) override;
  FakeClock& clock() override { return house_.stores.clock; }
  BlobStore& blobs() override { return house_.stores.blobs(); }
  index::MetadataStore& metadata() override { return house_.stores.metadata(); }
  registry::Registry& registry() override { return house_.registry; }

 protected:
  WireResponse exchange(std::string_view request) override;
  std::string log() override { return house_.log(); }

 private:
  House<DiskStores> house_;
  net::Server server_;
  std::unique_ptr<WireClient> connection_;
};

/// The drivers that every case of the contract runs with.
#define API_DRIVERS ::shale::testing::InProcess, ::shale::testing::OverSocket

}  // namespace shale::testing

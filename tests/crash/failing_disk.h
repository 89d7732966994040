#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "blobstore/file/file_blob_store.h"
#include "server/api/api.h"
#include "server/index/rocks/rocks_metadata_store.h"
#include "tests/blobstore/file/faulty_file_system.h"
#include "tests/crash/verify_store.h"
#include "tests/server/api/drivers.h"
#include "tests/server/index/rocks/faulty_environment.h"

namespace shale::testing {

/// A registry on the stores of the program, on a disk that fails at will; with a
/// client that takes requests to it without a socket. Everything runs on the
/// thread of the test.
class FailingDisk final : public Client {
 public:
  FailingDisk() { open(); }
  enum NotStarted : std::uint8_t { kNotStarted };
  explicit FailingDisk(NotStarted) {}

  /// What fails, and when.
  FaultyFileSystem files;
  FaultyEnvironment environment;

  int injected() const { return files.injected() + environment.faults.injected(); }

  /// What the end of the process and a new one leave of everything.
  void restart() {
    close();
    open();
  }
  /// A start, which may fail; the server has to be closed. Why it did not start.
  std::optional<Error> try_start();
  void close() {
    server_.reset();
    blobs_.reset();
    metadata_.reset();
  }

  /// What is wrong with the store, and with uploads that nobody continues.
  std::vector<std::string> verify();

  std::unique_ptr<HeldRequest> hold(std::string_view head, std::string_view body) override;
  FakeClock& clock() override { return clock_; }
  BlobStore& blobs() override { return *blobs_; }
  index::MetadataStore& metadata() override { return *metadata_; }
  registry::Registry& registry() override { return server_->registry; }

 protected:
  WireResponse exchange(std::string_view request) override {
    constexpr std::size_t kLongPiece = 8 * 1024;
    return answer_in_process(server_->api, request, "request-" + std::to_string(++requests_),
                             kLongPiece);
  }
  std::string log() override { return {}; }

 private:
  struct Server {
    explicit Server(FailingDisk& disk)
        : registry(*disk.blobs_, *disk.metadata_, disk.clock_, {}), api(registry, logger, {}) {}

    registry::Registry registry;
    log::Logger logger{{}, [](std::string_view, const std::stop_token&) {}};
    api::Api api;
  };

  void open() {
    const auto refused = try_start();
    INFO("error: ", refused ? refused->message : "");
    REQUIRE_FALSE(refused);
  }

  TemporaryDirectory root_{memory_directory()};
  FakeClock clock_;
  std::unique_ptr<index::RocksMetadataStore> metadata_;
  std::unique_ptr<FileBlobStore> blobs_;
  std::optional<Server> server_;
  int requests_ = 0;
};

}  // namespace shale::testing

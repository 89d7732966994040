#pragma once

#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "blobstore/blob_store.h"
#include "blobstore/digest.h"
#include "server/api/call.h"
#include "server/api/guard.h"
#include "server/api/operations.h"
#include "server/api/request_metrics.h"
#include "server/index/metadata_store.h"
#include "server/registry/registry.h"
#include "tests/server/api/requests.h"
#include "tests/support/fake_clock.h"
#include "tests/support/wire_client.h"

namespace shale::testing {

struct Setup {
  registry::Options registry;
  api::Settings settings;
  const api::Guard* guard = nullptr;
  api::Operations* operations = nullptr;  ///< null: those of the driver
  api::RequestMetrics* metrics = nullptr;
};

/// A request and the answer that it has to get.
struct Row {
  std::string request;
  int status;
  std::string_view code = "";  ///< of the first error; empty for none
};

/// A request that was sent up to somewhere in its body.
class HeldRequest {
 public:
  /// Without `finish`, the client goes away.
  virtual ~HeldRequest() = default;
  virtual WireResponse finish(std::string_view rest) = 0;
};

/// A client of a registry that is its own. How the bytes get there, the drivers
/// say. Every answer is checked for what each must have; see `ask`.
class Client {
 public:
  virtual ~Client() = default;

  /// Sends one whole request. Fails the test when the answer lacks what all have:
  /// the API version, a request id of its own, its length, and, for an error, the
  /// OCI body.
  WireResponse ask(std::string_view request);

  /// Asks for each row and compares.
  void expect(std::initializer_list<Row> rows);
  void expect(const std::vector<Row>& rows);

  /// Sends a head with a part of its body, and returns when a handler has it.
  /// The head must say `Expect: 100-continue`.
  virtual std::unique_ptr<HeldRequest> hold(std::string_view head, std::string_view body) = 0;

  /// The line of the log about this request; waits for it.
  std::string log_line(const WireResponse& answer);

  virtual FakeClock& clock() = 0;
  virtual BlobStore& blobs() = 0;
  virtual index::MetadataStore& metadata() = 0;
  virtual registry::Registry& registry() = 0;

  // What clients do; each ends the test when it fails.

  /// POST and PUT.
  Digest push_blob(std::string_view repository, std::string_view content,
                   Algorithm algorithm = Algorithm::kSha256);
  /// PUT under `reference`, or, when that is empty, under its sha256 digest.
  Digest push_manifest(std::string_view repository, std::string_view reference,
                       std::string_view body, std::string_view type);
  /// An image of its own for each `seed`: config, one layer and the manifest.
  Digest push_image(std::string_view repository, std::string_view reference, std::string_view seed);
  /// The location of a fresh upload.
  std::string start_upload(std::string_view repository, std::string_view query = "");

 protected:
  virtual WireResponse exchange(std::string_view request) = 0;
  /// What was logged so far.
  virtual std::string log() = 0;

 private:
  void check_answer(std::string_view request, const WireResponse& answer);
  void check_error_body(const WireResponse& answer);

  std::string last_id_;
};

/// The codes of an error answer, one after the other with blanks between them.
std::string wire_codes(const WireResponse& answer);

/// The body of `push_image` with this seed.
std::string image_manifest(std::string_view seed);

std::string blob_url(std::string_view repository, const Digest& digest);
std::string manifest_url(std::string_view repository, const Digest& digest);
std::string manifest_url(std::string_view repository, std::string_view reference);

}  // namespace shale::testing

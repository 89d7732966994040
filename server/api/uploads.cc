#include <optional>
#include <utility>

#include "server/api/errors.h"
#include "server/api/handlers.h"
#include "server/http/range.h"

namespace shale::api {
namespace {

/// The bytes of an upload so far; clients want `0-0` for none (SPEC §3, "Status").
std::string received_range(std::uint64_t offset) {
  return "0-" + std::to_string(offset > 0 ? offset - 1 : 0);
}

http::Response upload_response(const Call& call, const index::RepositoryName& repository,
                               const registry::UploadStatus& upload, int status) {
  http::Response response;
  response.status = status;
  response.headers.add("Location", call.location(upload_path(repository, upload.id)));
  response.headers.add("Range", received_range(upload.offset));
  response.headers.add("Docker-Upload-UUID", upload.id.str());
  return response;
}

http::Response created_response(const Call& call, const index::RepositoryName& repository,
                                const Digest& digest) {
  http::Response response;
  response.status = 201;
  response.headers.add("Location", call.location(blob_path(repository, digest)));
  response.headers.add("Docker-Content-Digest", digest.str());
  return response;
}

/// Writes a request body to an upload; what its end means, the kinds below say.
class UploadSink : public http::BodySink {
 public:
  explicit UploadSink(std::unique_ptr<registry::UploadWriter> writer)
      : writer_(std::move(writer)) {}

  std::optional<http::Response> append(std::span<const std::byte> bytes) override {
    if (auto taken = writer_->append(bytes); !taken) return error_response(taken.error());
    return std::nullopt;
  }

 protected:
  registry::UploadWriter& writer() { return *writer_; }
  /// Of an upload that is not ended; the client may come back for it.
  void let_go() { writer_.reset(); }

 private:
  std::unique_ptr<registry::UploadWriter> writer_;
};

/// Ends with the blob in the repository: 201.
class CommitSink final : public UploadSink {
 public:
  CommitSink(const registry::Registry& registry, std::unique_ptr<registry::UploadWriter> writer,
             Digest digest, http::Response created)
      : UploadSink(std::move(writer)),
        registry_(registry),
        digest_(digest),
        created_(std::move(created)) {}

  http::Response finish() override {
    if (const auto writable = registry_.demand_writable(); !writable) {
      let_go();
      return error_response(writable.error());
    }
    if (auto link = writer().commit(digest_); !link) return error_response(link.error());
    return std::move(created_);
  }

 private:
  const registry::Registry& registry_;
  Digest digest_;
  http::Response created_;
};

/// Ends with the upload waiting for its next chunk: 202.
class ChunkSink final : public UploadSink {
 public:
  ChunkSink(std::unique_ptr<registry::UploadWriter> writer, http::Response accepted)
      : UploadSink(std::move(writer)), accepted_(std::move(accepted)) {}

  http::Response finish() override {
    auto status = writer().pause();
    if (!status) return error_response(status.error());
    accepted_.headers.set("Range", received_range(status->offset));
    return std::move(accepted_);
  }

 private:
  http::Response accepted_;
};

struct UploadTarget {
  index::RepositoryName repository;
  UploadId id;
};

Result<UploadTarget> upload_target(const Call& call) {
  SHALE_TRY_ASSIGN(auto repository, call.repository());
  SHALE_TRY_ASSIGN(auto id, UploadId::parse(call.target.item));
  return UploadTarget{std::move(repository), std::move(id)};
}

/// That the quotas have room for the body, where its length is known before it comes.
Result<void> admit_chunk(const Call& call, const UploadTarget& target,
                         const std::optional<Digest>& digest) {
  const http::Framing& framing = call.request.framing;
  if (framing.kind == http::Framing::Kind::kChunked) return {};
  return call.registry.admit_chunk(target.repository, target.id, digest, framing.length);
}

constexpr WireError kBadChunkRange{400, "BLOB_UPLOAD_INVALID",
                                   "Content-Range of a chunk must be <first>-<last>"};

/// That the length of the body, where it is known, is that of its range.
Result<void> check_length(const http::Framing& framing, const http::ByteRange& range) {
  if (framing.kind == http::Framing::Kind::kChunked) return {};
  if (framing.length == range.length()) return {};
  const std::string detail = "Content-Range has " + std::to_string(range.length()) +
                             " bytes, the body " + std::to_string(framing.length);
  return Error{Errc::kSizeMismatch, detail, {detail}};
}

/// Takes hold of the upload. A chunk out of order is answered with where the
/// upload stands, so that the client can go on from there.
Result<std::variant<http::Response, std::unique_ptr<registry::UploadWriter>>> take_upload(
    const Call& call, const UploadTarget& target) {
  using Taken = std::variant<http::Response, std::unique_ptr<registry::UploadWriter>>;
  std::optional<registry::ChunkRange> range;
  if (const auto field = call.request.headers.find("Content-Range")) {
    const auto parsed = http::parse_chunk_range(*field);
    if (!parsed) return Taken(error_response(kBadChunkRange, {std::string(*field)}));
    SHALE_TRY(check_length(call.request.framing, *parsed));
    range = {parsed->first, parsed->last};
  }
  auto writer = call.registry.write_upload(target.repository, target.id, range);
  if (writer) return Taken(std::move(*writer));
  if (writer.error().code != Errc::kUploadRange) return std::move(writer).error();

  http::Response refused = error_response(writer.error());
  if (auto status = call.registry.upload_status(target.repository, target.id)) {
    for (const auto& [name, value] :
         upload_response(call, target.repository, *status, refused.status).headers) {
      refused.headers.add(name, value);
    }
  }
  return Taken(std::move(refused));
}

/// No link means that it has to be uploaded.
Result<std::optional<http::Response>> try_mount(const Call& call,
                                                const index::RepositoryName& repository) {
  const auto mount = call.query.find("mount");
  if (!mount) return std::optional<http::Response>{};
  SHALE_TRY_ASSIGN(const auto digest, Digest::parse(*mount));
  std::optional<index::RepositoryName> from;
  if (const auto text = call.query.find("from")) {
    SHALE_TRY_ASSIGN(from, index::RepositoryName::parse(*text));
  }
  const auto may_pull = [&](const index::RepositoryName& source) { return call.may_pull(source); };
  SHALE_TRY_ASSIGN(const auto link, call.registry.mount(repository, digest, from, may_pull));
  if (!link) return std::optional<http::Response>{};
  return std::optional(created_response(call, repository, link->digest));
}

/// The algorithm that a session is to hash with while it receives.
Result<Algorithm> hinted_algorithm(const Call& call) {
  const auto name = call.query.find("digest-algorithm");
  if (!name) return Algorithm::kSha256;
  if (const auto algorithm = algorithm_from_name(*name)) return *algorithm;
  return Error{Errc::kDigestUnsupported, "digest-algorithm", {std::string(*name)}};
}

}  // namespace

Result<http::Opened> post_uploads(const Call& call) {
  SHALE_TRY_ASSIGN(const auto repository, call.repository());
  SHALE_TRY_ASSIGN(auto mounted, try_mount(call, repository));
  if (mounted) return http::Opened(std::move(*mounted));

  if (const auto text = call.query.find("digest")) {
    SHALE_TRY_ASSIGN(const auto digest, Digest::parse(*text));
    SHALE_TRY(call.registry.admit_blob(repository, digest, call.request.framing.length));
    SHALE_TRY_ASSIGN(auto writer, call.registry.receive_blob(repository, digest.algorithm()));
    return http::Opened(std::make_unique<CommitSink>(call.registry, std::move(writer), digest,
                                                     created_response(call, repository, digest)));
  }
  SHALE_TRY_ASSIGN(const auto algorithm, hinted_algorithm(call));
  SHALE_TRY_ASSIGN(const auto upload, call.registry.start_upload(repository, algorithm));
  return http::Opened(upload_response(call, repository, upload, 202));
}

Result<http::Opened> patch_upload(const Call& call) {
  SHALE_TRY_ASSIGN(const auto target, upload_target(call));
  SHALE_TRY(admit_chunk(call, target, std::nullopt));
  SHALE_TRY_ASSIGN(auto taken, take_upload(call, target));
  if (auto* refused = std::get_if<http::Response>(&taken)) return http::Opened(std::move(*refused));
  return http::Opened(std::make_unique<ChunkSink>(
      std::get<std::unique_ptr<registry::UploadWriter>>(std::move(taken)),
      upload_response(call, target.repository, {target.id, 0}, 202)));
}

Result<http::Opened> put_upload(const Call& call) {
  SHALE_TRY_ASSIGN(const auto target, upload_target(call));
  const auto text = call.query.find("digest");
  if (!text) {
    return Error{Errc::kDigestInvalid, "no digest", {"the query parameter digest is missing"}};
  }
  SHALE_TRY_ASSIGN(const auto digest, Digest::parse(*text));
  SHALE_TRY(admit_chunk(call, target, digest));
  SHALE_TRY_ASSIGN(auto taken, take_upload(call, target));
  if (auto* refused = std::get_if<http::Response>(&taken)) return http::Opened(std::move(*refused));
  return http::Opened(std::make_unique<CommitSink>(
      call.registry, std::get<std::unique_ptr<registry::UploadWriter>>(std::move(taken)), digest,
      created_response(call, target.repository, digest)));
}

Result<http::Response> get_upload(const Call& call) {
  SHALE_TRY_ASSIGN(const auto target, upload_target(call));
  SHALE_TRY_ASSIGN(const auto status, call.registry.upload_status(target.repository, target.id));
  return upload_response(call, target.repository, status, 204);
}

Result<http::Response> delete_upload(const Call& call) {
  SHALE_TRY_ASSIGN(const auto target, upload_target(call));
  SHALE_TRY(call.registry.cancel_upload(target.repository, target.id));
  http::Response response;
  response.status = 204;
  return response;
}

}  // namespace shale::api

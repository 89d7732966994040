#include "server/index/rocks/keys.h"

#include "server/index/rocks/codec.h"

namespace shale::index::rocks::keys {

std::string repository(const RepositoryName& repository) {
  return repository.str();
}

std::string of_repository(std::string_view repository) {
  return Encoder().terminated(repository).take();
}

std::string of_namespace(std::string_view name_space) {
  return Encoder().raw(name_space).terminated("/").take();
}

std::string link(const RepositoryName& repository, const Digest& digest) {
  return Encoder().terminated(repository.str()).digest(digest).take();
}

std::string content(const Digest& digest) {
  return Encoder().digest(digest).take();
}

std::string holder(const Digest& digest, std::string_view repository) {
  return Encoder().digest(digest).raw(repository).take();
}

std::string tag(const RepositoryName& repository, const Tag& tag) {
  return Encoder().terminated(repository.str()).raw(tag.str()).take();
}

std::string tag_target(const RepositoryName& repository, const Digest& digest, const Tag& tag) {
  return Encoder().terminated(repository.str()).digest(digest).raw(tag.str()).take();
}

std::string history_of(const RepositoryName& repository, const Tag& tag) {
  return Encoder().terminated(repository.str()).terminated(tag.str()).take();
}

std::string history(const RepositoryName& repository, const Tag& tag, Sequence sequence) {
  return Encoder().raw(history_of(repository, tag)).u64(~sequence).take();
}

Sequence sequence_of_inverted(std::uint64_t inverted) {
  return ~inverted;
}

std::string edge(const RepositoryName& repository, const Digest& parent, EdgeKind kind,
                 const Digest& child) {
  return Encoder()
      .terminated(repository.str())
      .digest(parent)
      .u8(static_cast<std::uint8_t>(kind))
      .digest(child)
      .take();
}

std::string edges_to(const RepositoryName& repository, const Digest& child, EdgeKind kind) {
  return Encoder()
      .terminated(repository.str())
      .digest(child)
      .u8(static_cast<std::uint8_t>(kind))
      .take();
}

std::string edge_to(const RepositoryName& repository, const Digest& child, EdgeKind kind,
                    const Digest& parent) {
  return Encoder().raw(edges_to(repository, child, kind)).digest(parent).take();
}

std::string upload(const UploadId& id) {
  return id.str();
}

std::string doomed(const Doomed& row) {
  return Encoder()
      .time(row.due)
      .u8(static_cast<std::uint8_t>(row.kind))
      .terminated(row.repository)
      .digest(row.digest)
      .take();
}

Result<Doomed> parse_doomed(std::string_view key) {
  Decoder decoder(key);
  const Time due = decoder.time();
  const auto kind = static_cast<Doomed::Kind>(decoder.u8());
  const std::string_view repository = decoder.terminated();
  const std::optional<Digest> digest = decoder.digest();
  const bool of_all = kind == Doomed::Kind::kBlob || kind == Doomed::Kind::kFile;
  const bool known = kind >= Doomed::Kind::kLink && kind <= Doomed::Kind::kUntagged &&
                     of_all == repository.empty();
  if (!digest || !decoder.finished() || !known) {
    return Error{Errc::kCorrupt, "a doomed row has a damaged key"};
  }
  return Doomed{due, kind, std::string(repository), *digest};
}

}  // namespace shale::index::rocks::keys

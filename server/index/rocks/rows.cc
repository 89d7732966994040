#include "server/index/rocks/rows.h"

namespace shale::index::rocks {
namespace {

constexpr std::uint8_t kVersion = 1;
/// Of a manifest's link that is due; its time is behind the rest.
constexpr std::uint8_t kVersionWithDue = 2;
/// Bits of the byte in front of a link's due time.
constexpr std::uint8_t kIsDue = 1;
constexpr std::uint8_t kIsHidden = 2;

Encoder row(std::uint8_t version = kVersion) {
  Encoder encoder;
  encoder.u8(version);
  return encoder;
}

/// A yes or no; anything else is damage.
bool read_flag(Decoder& decoder) {
  const std::uint8_t flag = decoder.u8();
  if (flag > 1) {
    decoder.fail();
  }
  return flag == 1;
}

void write_due(Encoder& encoder, const std::optional<Time>& due) {
  encoder.u8(due ? 1 : 0);
  if (due) {
    encoder.time(*due);
  }
}

std::optional<Time> read_due(Decoder& decoder) {
  return read_flag(decoder) ? std::optional(decoder.time()) : std::nullopt;
}

void write_link(Encoder& encoder, const ManifestLinkRow& link) {
  encoder.u64(link.size).text(link.media_type).text(link.artifact_type);
  encoder.u64(link.sequence).time(link.time);
}

void read(Decoder& from, RepositoryRow& to) {
  to.sequence = from.u64();
  to.time = from.time();
}

void read_link(Decoder& from, ManifestLinkRow& to) {
  to.size = from.u64();
  to.media_type = from.text();
  to.artifact_type = from.text();
  to.sequence = from.u64();
  to.time = from.time();
}

void read(Decoder& from, DeletedRow& to) {
  read_link(from, to.link);
  to.deleted = from.time();
  to.due = from.time();
  to.actor = from.text();
  to.operation = from.u64();
  for (std::uint32_t left = from.u32(); left > 0 && !from.failed(); --left) {
    to.tags.emplace_back(from.text());
  }
}

void read(Decoder& from, TagMoveRow& to) {
  if (read_flag(from)) {
    to.digest = from.digest();
  }
  to.time = from.time();
  to.actor = from.text();
}

void read(Decoder& from, EdgeRow& to) {
  to.size = from.u64();
  to.media_type = from.text();
  to.must_exist = read_flag(from);
}

void read(Decoder& from, ReferrerRow& to) {
  to.size = from.u64();
  to.media_type = from.text();
  to.artifact_type = from.text();
  for (std::uint32_t left = from.u32(); left > 0 && !from.failed(); --left) {
    std::string name(from.text());
    to.annotations.emplace_back(std::move(name), from.text());
  }
}

void read(Decoder& from, BlobRow& to) {
  to.size = from.u64();
  to.due = read_due(from);
  to.small = read_flag(from);
}

void read(Decoder& from, BlobLinkRow& to) {
  to.size = from.u64();
  const std::uint8_t bits = from.u8();
  if (bits > (kIsDue | kIsHidden)) {
    from.fail();
  }
  if ((bits & kIsDue) != 0) {
    to.due = from.time();
  }
  to.hidden = (bits & kIsHidden) != 0;
  to.sequence = from.u64();
  to.time = from.time();
}

void read(Decoder& from, UploadValue& to) {
  to.repository = from.text();
  to.started = from.time();
}

void read(Decoder& from, PullRow& to) {
  to.time = from.time();
}

void read(Decoder& from, SequenceRow& to) {
  to.sequence = from.u64();
}

void read(Decoder& /*from*/, EmptyRow& /*to*/) {}

Error version_error(std::string_view bytes) {
  if (bytes.empty()) {
    return {Errc::kCorrupt, "a row is empty where a version byte should be"};
  }
  return {Errc::kCorrupt, "a row has version " +
                              std::to_string(static_cast<unsigned char>(bytes.front())) +
                              ", known is " + std::to_string(kVersion)};
}

Error shape_error(std::string_view bytes) {
  return {Errc::kCorrupt, "a row of " + std::to_string(bytes.size()) +
                              " bytes is cut off, too long or holds an impossible value"};
}

bool has_version(std::string_view bytes, std::uint8_t version = kVersion) {
  return !bytes.empty() && static_cast<unsigned char>(bytes.front()) == version;
}

}  // namespace

std::string encode(const RepositoryRow& value) {
  return row().u64(value.sequence).time(value.time).take();
}

std::string encode(const ManifestLinkRow& value) {
  Encoder encoder = row(value.due ? kVersionWithDue : kVersion);
  write_link(encoder, value);
  if (value.due) {
    encoder.time(*value.due);
  }
  return std::move(encoder).take();
}

std::string encode(const DeletedRow& value) {
  Encoder encoder = row();
  write_link(encoder, value.link);
  encoder.time(value.deleted).time(value.due).text(value.actor).u64(value.operation);
  encoder.u32(static_cast<std::uint32_t>(value.tags.size()));
  for (const std::string& tag : value.tags) {
    encoder.text(tag);
  }
  return std::move(encoder).take();
}

std::string encode(const TagRow& value) {
  return row().digest(value.digest).u64(value.sequence).time(value.time).take();
}

std::string encode(const TagMoveRow& value) {
  Encoder encoder = row();
  encoder.u8(value.digest ? 1 : 0);
  if (value.digest) {
    encoder.digest(*value.digest);
  }
  return std::move(encoder.time(value.time).text(value.actor)).take();
}

std::string encode(const EdgeRow& value) {
  return row().u64(value.size).text(value.media_type).u8(value.must_exist ? 1 : 0).take();
}

std::string encode(const ReferrerRow& value) {
  Encoder encoder = row();
  encoder.u64(value.size).text(value.media_type).text(value.artifact_type);
  encoder.u32(static_cast<std::uint32_t>(value.annotations.size()));
  for (const auto& [name, text] : value.annotations) {
    encoder.text(name).text(text);
  }
  return std::move(encoder).take();
}

std::string encode(const BlobRow& value) {
  Encoder encoder = row();
  encoder.u64(value.size);
  write_due(encoder, value.due);
  return std::move(encoder.u8(value.small ? 1 : 0)).take();
}

std::string encode(const BlobLinkRow& value) {
  Encoder encoder = row();
  encoder.u64(value.size);
  encoder.u8((value.due ? kIsDue : 0) | (value.hidden ? kIsHidden : 0));
  if (value.due) {
    encoder.time(*value.due);
  }
  return std::move(encoder.u64(value.sequence).time(value.time)).take();
}

std::string encode(const UploadValue& value) {
  return row().text(value.repository).time(value.started).take();
}

std::string encode(const PullRow& value) {
  return row().time(value.time).take();
}

std::string encode(const SequenceRow& value) {
  return row().u64(value.sequence).take();
}

std::string encode(const EmptyRow& /*value*/) {
  return row().take();
}

template <class Row>
Result<Row> decode(std::string_view bytes) {
  if (!has_version(bytes)) {
    return version_error(bytes);
  }
  Decoder decoder(bytes.substr(1));
  Row value;
  read(decoder, value);
  return decoder.finished() ? Result<Row>(std::move(value)) : shape_error(bytes);
}

/// Apart from the others, for there is no digest to begin with.
template <>
Result<TagRow> decode(std::string_view bytes) {
  if (!has_version(bytes)) {
    return version_error(bytes);
  }
  Decoder decoder(bytes.substr(1));
  const std::optional<Digest> digest = decoder.digest();
  const Sequence sequence = decoder.u64();
  const Time time = decoder.time();
  if (!digest || !decoder.finished()) {
    return shape_error(bytes);
  }
  return TagRow{*digest, sequence, time};
}

template <>
Result<ManifestLinkRow> decode(std::string_view bytes) {
  const bool due = has_version(bytes, kVersionWithDue);
  if (!due && !has_version(bytes)) {
    return version_error(bytes);
  }
  Decoder decoder(bytes.substr(1));
  ManifestLinkRow value;
  read_link(decoder, value);
  if (due) {
    value.due = decoder.time();
  }
  return decoder.finished() ? Result<ManifestLinkRow>(std::move(value)) : shape_error(bytes);
}

template Result<RepositoryRow> decode(std::string_view);
template Result<DeletedRow> decode(std::string_view);
template Result<TagMoveRow> decode(std::string_view);
template Result<EdgeRow> decode(std::string_view);
template Result<ReferrerRow> decode(std::string_view);
template Result<BlobRow> decode(std::string_view);
template Result<BlobLinkRow> decode(std::string_view);
template Result<UploadValue> decode(std::string_view);
template Result<PullRow> decode(std::string_view);
template Result<SequenceRow> decode(std::string_view);
template Result<EmptyRow> decode(std::string_view);

std::string encode_content(std::string_view bytes) {
  return row().raw(bytes).take();
}

Result<std::string> decode_content(std::string_view bytes) {
  if (!has_version(bytes)) {
    return version_error(bytes);
  }
  return std::string(bytes.substr(1));
}

}  // namespace shale::index::rocks

#include "server/index/rocks/counters.h"

#include <rocksdb/merge_operator.h>
#include <rocksdb/slice.h>

#include "server/index/rocks/codec.h"

namespace shale::index::rocks {
namespace {

constexpr std::uint8_t kVersion = 1;

Encoder& put(Encoder& encoder, std::int64_t value) {
  return encoder.u64(static_cast<std::uint64_t>(value));
}
std::int64_t get(Decoder& decoder) {
  return static_cast<std::int64_t>(decoder.u64());
}

Error damaged() {
  return {Errc::kCorrupt, "a row of counters is damaged"};
}

class CounterMerge final : public rocksdb::AssociativeMergeOperator {
 public:
  bool Merge(const rocksdb::Slice& /*key*/, const rocksdb::Slice* existing,
             const rocksdb::Slice& value, std::string* sum,
             rocksdb::Logger* /*logger*/) const override {
    if (existing == nullptr) {
      sum->assign(value.data(), value.size());
      return true;
    }
    return add_counters(existing->ToStringView(), value.ToStringView(), *sum);
  }

  const char* Name() const override { return "shale.counters.1"; }
};

}  // namespace

std::string encode(const Usage& usage) {
  Encoder encoder;
  encoder.u8(kVersion);
  put(put(put(encoder, usage.manifests), usage.tags), usage.blobs);
  put(put(put(encoder, usage.logical), usage.unique), usage.pinned);
  return encoder.take();
}

std::string encode(const StoreUsage& usage) {
  Encoder encoder;
  encoder.u8(kVersion);
  put(put(encoder, usage.repositories), usage.manifests);
  put(put(encoder, usage.blobs), usage.bytes);
  return encoder.take();
}

Result<Usage> decode_usage(std::string_view bytes) {
  Decoder decoder(bytes);
  const bool known = decoder.u8() == kVersion;
  Usage usage;
  usage.manifests = get(decoder);
  usage.tags = get(decoder);
  usage.blobs = get(decoder);
  usage.logical = get(decoder);
  usage.unique = get(decoder);
  usage.pinned = get(decoder);
  return known && decoder.finished() ? Result<Usage>(usage) : damaged();
}

Result<StoreUsage> decode_store_usage(std::string_view bytes) {
  Decoder decoder(bytes);
  const bool known = decoder.u8() == kVersion;
  StoreUsage usage;
  usage.repositories = get(decoder);
  usage.manifests = get(decoder);
  usage.blobs = get(decoder);
  usage.bytes = get(decoder);
  return known && decoder.finished() ? Result<StoreUsage>(usage) : damaged();
}

bool add_counters(std::string_view left, std::string_view right, std::string& sum) {
  if (left.size() != right.size()) {
    return false;
  }
  Decoder a(left);
  Decoder b(right);
  if (a.u8() != kVersion || b.u8() != kVersion) {
    return false;
  }
  Encoder encoder;
  encoder.u8(kVersion);
  for (std::size_t at = 1; at < left.size(); at += sizeof(std::uint64_t)) {
    encoder.u64(a.u64() + b.u64());  // unsigned, so that it wraps instead of overflowing
  }
  sum = encoder.take();
  return a.finished() && b.finished();
}

std::shared_ptr<rocksdb::MergeOperator> counter_merge() {
  return std::make_shared<CounterMerge>();
}

}  // namespace shale::index::rocks

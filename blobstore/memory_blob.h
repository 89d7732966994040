#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <span>
#include <string>
#include <utility>

#include "blobstore/blob_store.h"

namespace shale {

/// A blob whose bytes are in memory, perhaps shared with others.
class MemoryBlob final : public Blob {
 public:
  explicit MemoryBlob(std::shared_ptr<const std::string> bytes) : bytes_(std::move(bytes)) {}

  std::uint64_t size() const noexcept override { return bytes_->size(); }
  int descriptor() const noexcept override { return -1; }

  Result<std::size_t> read(std::uint64_t offset, std::span<std::byte> into) const override {
    if (offset >= bytes_->size()) return std::size_t{0};
    const auto rest = std::as_bytes(std::span(*bytes_)).subspan(offset);
    const auto wanted = rest.first(std::min(rest.size(), into.size()));
    if (!wanted.empty()) std::memcpy(into.data(), wanted.data(), wanted.size());
    return wanted.size();
  }

 private:
  std::shared_ptr<const std::string> bytes_;
};

}  // namespace shale

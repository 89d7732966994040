#pragma once

#include <compare>
#include <string>
#include <string_view>

#include "blobstore/result.h"

namespace shale {

/// Names one upload: a lower-case version 4 UUID, unguessable. Safe as a file name.
class UploadId {
 public:
  /// `kUploadUnknown` when `text` is no such id: nothing can be open under it.
  static Result<UploadId> parse(std::string_view text);
  /// A fresh one from the operating system's random source.
  static UploadId random();

  const std::string& str() const noexcept { return text_; }

  friend auto operator<=>(const UploadId&, const UploadId&) = default;

 private:
  explicit UploadId(std::string text) : text_(std::move(text)) {}

  std::string text_;
};

}  // namespace shale

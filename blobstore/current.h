#pragma once

#include <memory>
#include <utility>

#include "blobstore/guarded.h"

namespace shale {

/// A value that is replaced as a whole while others use it: each of them keeps the one that
/// was in force when they asked. Never null. Thread-safe.
template <class T>
class Current {
 public:
  explicit Current(T value) : value_(std::make_shared<const T>(std::move(value))) {}

  std::shared_ptr<const T> get() const { return *value_.lock(); }

  void replace(T value) {
    auto fresh = std::make_shared<const T>(std::move(value));
    std::swap(*value_.lock(), fresh);  // the old one may go outside of the lock
  }

 private:
  Guarded<std::shared_ptr<const T>> value_;
};

}  // namespace shale

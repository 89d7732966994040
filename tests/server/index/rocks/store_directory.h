#pragma once

#include <memory>
#include <string>

#include <doctest/doctest.h>

#include "tests/server/index/stores.h"

namespace shale::testing {

/// A place for a store on disk, that may be refused.
struct Directory {
  FakeClock clock;
  TemporaryDirectory directory;
  index::RocksOptions options{.path = directory / "index", .clock = clock, .lease = kLease};

  std::unique_ptr<index::RocksMetadataStore> open() const {
    return value(index::RocksMetadataStore::open(options));
  }
  /// Why it cannot be opened, as the operator reads it.
  std::string refusal(Errc code) const {
    const auto refused = index::RocksMetadataStore::open(options);
    CHECK(error_code(refused) == code);
    CHECK(refused.error().details.empty());  // they would say the same again
    const std::string message = refused.error().message;
    CHECK(message.find(options.path.string()) != message.npos);
    return message;
  }
};

}  // namespace shale::testing

#pragma once

#include <cassert>
#include <cstdint>
#include <string>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

namespace shale {

/// Everything that may go wrong and that some caller wants to tell apart. Each
/// names its subject; `server/api/errors.cc` gives each its place on the wire.
enum class Errc : std::uint8_t {
  kNameInvalid,
  kNameUnknown,
  kTagInvalid,
  kDigestInvalid,      ///< not of the form `algorithm:encoded`
  kDigestUnsupported,  ///< well formed, but of an algorithm that is not kept here
  kDigestMismatch,     ///< the bytes are not what the digest names
  kSizeMismatch,       ///< fewer or more bytes than announced
  kBlobUnknown,
  kBlobReferenced,  ///< a manifest still needs it
  kUploadUnknown,
  kUploadRange,  ///< a chunk that does not begin where the last one ended
  kUploadBusy,   ///< another request is writing to this upload
  kManifestUnknown,
  kManifestInvalid,
  kManifestTooLarge,
  kManifestBlobUnknown,  ///< a reference of the manifest is not in the repository
  kTooManyTags,
  kTagExists,           ///< the tag names another manifest, and may not be moved
  kTagImmutable,        ///< a rule says that the tag never moves
  kConditionFailed,     ///< If-Match or If-None-Match does not hold
  kQuotaExceeded,       ///< the namespace is full
  kPageInvalid,         ///< a page size or page mark that means nothing
  kRangeUnsatisfiable,  ///< a byte range beyond the end
  kDisabled,            ///< switched off by configuration
  kReadOnly,            ///< nothing is changed for now
  kNoSpace,             ///< the reserve of free space is reached
  kUnavailable,         ///< cannot be done now; trying again later may help
  kInvalidArgument,
  kCorrupt,  ///< what is stored contradicts itself
  kIo,
};

/// Why an operation failed.
struct Error {
  Errc code;
  /// For the log, never for the client.
  std::string message;
  /// What the client may read: what it sent or asked for, and what is wrong with
  /// it. One wire error each; empty when the fixed text of the code says it all.
  // NOLINTNEXTLINE(readability-redundant-member-init): else g++ wants it named everywhere.
  std::vector<std::string> details = {};
};

/// A value or the reason there is none. Reading the wrong one is a bug.
template <class T>
class [[nodiscard]] Result {
 public:
  using Value = std::conditional_t<std::is_void_v<T>, std::monostate, T>;

  // NOLINTBEGIN(google-explicit-constructor): `return value;` and `return Error{...};` read so.
  Result()
    requires std::is_void_v<T>
      : Result(Value{}) {}
  Result(Value value) : state_(std::in_place_index<0>, std::move(value)) {}
  Result(Error error) : state_(std::in_place_index<1>, std::move(error)) {}
  // NOLINTEND(google-explicit-constructor)

  bool has_value() const noexcept { return state_.index() == 0; }
  explicit operator bool() const noexcept { return has_value(); }

  Value& operator*() & { return assert(has_value()), *std::get_if<0>(&state_); }
  const Value& operator*() const& { return assert(has_value()), *std::get_if<0>(&state_); }
  Value&& operator*() && { return assert(has_value()), std::move(*std::get_if<0>(&state_)); }
  Value* operator->() { return &**this; }
  const Value* operator->() const { return &**this; }

  const Error& error() const& { return assert(!has_value()), *std::get_if<1>(&state_); }
  Error&& error() && { return assert(!has_value()), std::move(*std::get_if<1>(&state_)); }

 private:
  std::variant<Value, Error> state_;
};

}  // namespace shale

/// Leaves the current function with the error of `expression`, if it has one.
#define SHALE_TRY(expression)                    \
  do {                                           \
    if (auto result_ = (expression); !result_) { \
      return std::move(result_).error();         \
    }                                            \
  } while (false)

// NOLINTBEGIN(bugprone-macro-parentheses): a declaration cannot be parenthesised.
/// Like SHALE_TRY, and otherwise binds the value: `SHALE_TRY_ASSIGN(auto file, open(path));`
#define SHALE_TRY_ASSIGN(binding, expression) \
  SHALE_TRY_ASSIGN_NAMED(binding, expression, SHALE_JOIN(result_, __LINE__))
#define SHALE_TRY_ASSIGN_NAMED(binding, expression, name) \
  auto name = (expression);                               \
  if (!(name)) return std::move(name).error();            \
  binding = *std::move(name)
#define SHALE_JOIN(left, right) SHALE_JOIN_EXPANDED(left, right)
#define SHALE_JOIN_EXPANDED(left, right) left##right
// NOLINTEND(bugprone-macro-parentheses)

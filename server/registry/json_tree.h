#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "blobstore/result.h"

/// JSON as strict as a registry needs it, so that every reader of the same bytes
/// sees the same document: UTF-8 only, no member named twice, no byte order mark,
/// nothing after the value. Plain values, no third-party type.
namespace shale::registry::json {

struct Null {};
/// A number that is no non-negative integer below 2^64. Nothing here wants its value.
struct OtherNumber {};
class Value;
struct Member;
using Array = std::vector<Value>;
using Object = std::vector<Member>;  ///< in the order of the text, names unique

class Value {
 public:
  using Variant = std::variant<Null, bool, std::uint64_t, OtherNumber, std::string, Array, Object>;

  Value() noexcept;  ///< null
  explicit Value(Variant variant);
  Value(Value&&) noexcept;
  Value& operator=(Value&&) noexcept;
  ~Value();

  /// The value as a `T`, or nullptr when it is something else.
  template <class T>
  const T* as() const noexcept {
    return std::get_if<T>(&variant_);
  }
  template <class T>
  T* as() noexcept {
    return std::get_if<T>(&variant_);
  }

 private:
  Variant variant_;
};

struct Member {
  std::string name;
  Value value;
};

/// The member `name` of `object`, or nullptr.
const Value* find(const Object& object, std::string_view name) noexcept;
Value* find(Object& object, std::string_view name) noexcept;

/// Bounds on what a document may cost to hold, whatever its size in bytes.
struct Limits {
  std::size_t depth = 64;        ///< arrays and objects inside each other
  std::size_t values = 100'000;  ///< of all types, containers included
};

/// `kManifestInvalid` with one detail for the client, which names the place.
Result<Value> parse(std::string_view text, const Limits& limits = {});

}  // namespace shale::registry::json

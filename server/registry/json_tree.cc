#include "server/registry/json_tree.h"

#include <algorithm>
#include <optional>
#include <utility>

#include <nlohmann/json.hpp>

#include "server/registry/client_text.h"

namespace shale::registry::json {
namespace {

/// Builds the tree from nlohmann's events and stops at the first thing that is
/// not wanted. The parser keeps its own stack, so depth costs no recursion
/// before the limit says no.
class Builder {
 public:
  explicit Builder(const Limits& limits) : limits_(limits) {}

  // The names and signatures of these are nlohmann's (`json_sax`).
  bool null() { return put(Value(Null{})); }
  bool boolean(bool value) { return put(Value(value)); }
  bool number_integer(std::int64_t) { return put(Value(OtherNumber{})); }
  bool number_unsigned(std::uint64_t value) { return put(Value(value)); }
  bool number_float(double, const std::string&) { return put(Value(OtherNumber{})); }
  bool string(std::string& value) { return put(Value(std::move(value))); }
  bool binary(const nlohmann::json::binary_t&) { return false; }  // no JSON text holds one

  bool start_object(std::size_t) { return open(Value(Object{})); }
  bool start_array(std::size_t) { return open(Value(Array{})); }
  bool end_array() { return close(); }
  bool end_object() {
    if (const auto twice = repeated_name(*open_.back()->as<Object>())) {
      return fail(path() + ": the member " + quoted(*twice) + " is there twice; keep one");
    }
    return close();
  }
  bool key(std::string& name) {
    open_.back()->as<Object>()->push_back({std::move(name), Value()});
    return true;
  }

  bool parse_error(std::size_t position, const std::string&, const nlohmann::json::exception&) {
    // The library's own words quote raw bytes of the body, so they stay here.
    return fail("the body is not valid JSON in UTF-8: it goes wrong at byte " +
                std::to_string(position));
  }

  Value take() && { return std::move(root_); }
  std::string problem() && { return std::move(problem_); }

 private:
  bool put(Value value) { return place(std::move(value)) != nullptr; }

  bool open(Value container) {
    if (open_.size() == limits_.depth) {
      return fail("the body nests arrays and objects more than " + std::to_string(limits_.depth) +
                  " deep");
    }
    Value* const placed = place(std::move(container));
    if (placed == nullptr) return false;
    open_.push_back(placed);  // its parent does not grow while it is open, so the pointer holds
    return true;
  }

  bool close() {
    open_.pop_back();
    return true;
  }

  Value* place(Value value) {
    if (++values_ > limits_.values) {
      fail("the body has more than " + std::to_string(limits_.values) +
           " JSON values; keep such data in a blob");
      return nullptr;
    }
    if (open_.empty()) return &(root_ = std::move(value));
    if (auto* array = open_.back()->as<Array>()) return &array->emplace_back(std::move(value));
    return &(open_.back()->as<Object>()->back().value = std::move(value));
  }

  bool fail(std::string problem) {
    problem_ = std::move(problem);
    return false;
  }

  static std::optional<std::string_view> repeated_name(const Object& object) {
    std::vector<std::string_view> names;
    names.reserve(object.size());
    for (const Member& member : object)
      names.emplace_back(member.name);
    std::ranges::sort(names);
    const auto twice = std::ranges::adjacent_find(names);
    if (twice == names.end()) return std::nullopt;
    return *twice;
  }

  /// Where the innermost open container stands, such as `$.layers[3].annotations`.
  std::string path() const {
    std::string text = "$";
    for (std::size_t i = 0; i + 1 < open_.size(); ++i) {
      if (const auto* array = open_[i]->as<Array>()) {
        text += '[' + std::to_string(array->size() - 1) + ']';
      } else {
        text += '.' + printable(open_[i]->as<Object>()->back().name);
      }
    }
    return text;
  }

  Limits limits_;
  Value root_;
  std::vector<Value*> open_;
  std::size_t values_ = 0;
  std::string problem_;
};

Error invalid(std::string detail) {
  return {Errc::kManifestInvalid, detail, {detail}};
}

}  // namespace

// Here, where `Member` is complete.
Value::Value() noexcept = default;
Value::Value(Variant variant) : variant_(std::move(variant)) {}
Value::Value(Value&&) noexcept = default;
Value& Value::operator=(Value&&) noexcept = default;
Value::~Value() = default;

const Value* find(const Object& object, std::string_view name) noexcept {
  const auto found = std::ranges::find(object, name, &Member::name);
  return found == object.end() ? nullptr : &found->value;
}

Value* find(Object& object, std::string_view name) noexcept {
  return const_cast<Value*>(find(std::as_const(object), name));  // `object` is not const
}

Result<Value> parse(std::string_view text, const Limits& limits) {
  // The library takes a NUL for the end of the text and skips a byte order mark,
  // where other readers of the same manifest would see something else.
  if (const std::size_t nul = text.find('\0'); nul != std::string_view::npos) {
    return invalid("the body is not valid JSON in UTF-8: it goes wrong at byte " +
                   std::to_string(nul + 1));
  }
  if (text.starts_with("\xEF\xBB\xBF")) {
    return invalid("the body begins with a byte order mark; send it without");
  }
  Builder builder(limits);
  if (!nlohmann::json::sax_parse(text.begin(), text.end(), &builder)) {
    return invalid(std::move(builder).problem());
  }
  return std::move(builder).take();
}

}  // namespace shale::registry::json

#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace shale::auth {

/// A JSON object as tokens and keys have them, read strictly: no name twice, since readers
/// differ in which of two they take, and no deep nesting. A value that is shared.
class JsonObject {
 public:
  static std::optional<JsonObject> parse(std::string_view text);

  bool has(const char* name) const;
  // None when there is nothing of that name, or something of another type.
  std::optional<std::string> text(const char* name) const;
  std::optional<std::int64_t> whole_number(const char* name) const;
  std::optional<std::vector<std::string>> texts(const char* name) const;
  std::optional<std::vector<JsonObject>> objects(const char* name) const;

 private:
  struct Node;
  explicit JsonObject(std::shared_ptr<const Node> node) : node_(std::move(node)) {}

  std::shared_ptr<const Node> node_;
};

}  // namespace shale::auth

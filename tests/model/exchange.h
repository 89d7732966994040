#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace shale::testing::model {

using Pairs = std::vector<std::pair<std::string, std::string>>;

/// A request as a client means it. In `path` an upload may stand under the
/// model's name for it (`upload-7`); the driver puts the server's name there.
struct Request {
  std::string method;
  std::string path;   ///< not escaped
  Pairs query = {};   ///< not escaped
  Pairs fields = {};  ///< without those that frame the body
  std::string body = {};
  bool chunked = false;  ///< the body goes in chunks, its length untold
  bool escaped =
      false;  ///< `:` and `/` of the query, `:` of the path are escaped, as Go's clients do

  std::optional<std::string> parameter(std::string_view name) const;
  std::vector<std::string> parameters(std::string_view name) const;
  std::optional<std::string> field(std::string_view name) const;
  /// The part of the path at this place from its end; 0 is the last.
  std::string part_from_end(std::size_t place) const;
};

/// An answer in the form in which answers are compared: the fields that mean
/// something, in lower case, and of the body
/// - nothing for HEAD,
/// - for an error its codes,
/// - for a listing its JSON in one spelling,
/// - for several ranges each range with its bytes,
/// - everything else byte for byte.
struct Answer {
  int status = 0;
  std::map<std::string, std::string> fields = {};
  std::string body = {};

  bool operator==(const Answer&) const = default;
};

/// The length of a body whose spelling is the server's own.
inline constexpr std::string_view kSomeLength = "some";

/// `PUT /v2/a/manifests/v1?tag=b [Content-Type: x] (120 bytes: ...)`
std::string describe(const Request& request);
/// Line by line, only what is not the same.
std::string describe_difference(const Answer& expected, const Answer& got);

/// `sha256:<hex>`; the other algorithm is `sha512`.
std::string digest_of_bytes(std::string_view bytes, const char* algorithm = "sha256");
/// Whether it is of an algorithm that registries keep, and well-formed.
bool is_digest(const std::string& text);
std::string algorithm_of(const std::string& digest);

}  // namespace shale::testing::model

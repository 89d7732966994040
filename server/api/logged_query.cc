#include "server/api/logged_query.h"

#include <algorithm>
#include <array>

namespace shale::api {
namespace {

/// Those whose values say what was asked for, and never who asks. `account` is not among
/// them: nobody has proved that it is no password.
constexpr std::array<std::string_view, 16> kHarmless = {
    "n",  "last",    "digest", "digest-algorithm", "mount",     "from", "tag",   "artifactType",
    "ns", "service", "scope",  "offline_token",    "namespace", "top",  "layer", "base"};

}  // namespace

std::string logged_query(std::string_view query) {
  std::string logged;
  if (query.empty()) return logged;
  while (true) {
    const auto end = query.find('&');
    const std::string_view parameter = query.substr(0, end);
    const std::string_view name = parameter.substr(0, parameter.find('='));
    logged += std::ranges::count(kHarmless, name) > 0 ? parameter : "***";
    if (end == std::string_view::npos) return logged;
    logged += '&';
    query.remove_prefix(end + 1);
  }
}

}  // namespace shale::api

#include "server/cli/version.h"

#include <algorithm>
#include <array>
#include <cstddef>

#include <nlohmann/json.hpp>

namespace shale::cli {

namespace {

struct Component {
  std::string_view name;
  std::string_view version;
};

/// As CMake found them, so that no header of a library has to be seen here.
constexpr std::array kBuiltWith{
    Component{.name = "compiler", .version = SHALE_COMPILER},
    Component{.name = "boost", .version = SHALE_BOOST_VERSION},
    Component{.name = "cli11", .version = SHALE_CLI11_VERSION},
    Component{.name = "nlohmann-json", .version = SHALE_NLOHMANN_JSON_VERSION},
    Component{.name = "openssl", .version = SHALE_OPENSSL_VERSION},
    Component{.name = "pistache", .version = SHALE_PISTACHE_VERSION},
    Component{.name = "prometheus-cpp", .version = SHALE_PROMETHEUS_VERSION},
    Component{.name = "rocksdb", .version = SHALE_ROCKSDB_VERSION},
    Component{.name = "yaml-cpp", .version = SHALE_YAML_CPP_VERSION},
};

}  // namespace

std::string_view version() noexcept {
  return SHALE_VERSION;
}

std::string_view version_of(std::string_view component) noexcept {
  const auto* found = std::ranges::find(kBuiltWith, component, &Component::name);
  return found == kBuiltWith.end() ? std::string_view() : found->version;
}

std::string version_table() {
  constexpr std::size_t kWidth = 16;
  std::string table = "shale " + std::string(version()) + "\n\n";
  for (const Component& component : kBuiltWith) {
    std::string name(component.name);
    name.resize(kWidth, ' ');
    table += name + std::string(component.version) + '\n';
  }
  return table;
}

std::string version_json() {
  nlohmann::ordered_json json{{"version", version()}};
  for (const Component& component : kBuiltWith) {
    json["built_with"][std::string(component.name)] = component.version;
  }
  return json.dump(2) + '\n';
}

}  // namespace shale::cli

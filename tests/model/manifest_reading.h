#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace shale::testing::model {

inline constexpr const char* kOciImage = "application/vnd.oci.image.manifest.v1+json";
inline constexpr const char* kOciIndex = "application/vnd.oci.image.index.v1+json";
inline constexpr const char* kDockerImage = "application/vnd.docker.distribution.manifest.v2+json";
inline constexpr const char* kDockerList =
    "application/vnd.docker.distribution.manifest.list.v2+json";
/// A type that no registry has heard of.
inline constexpr const char* kThing = "application/vnd.example.thing.v1+json";
inline constexpr const char* kOciConfig = "application/vnd.oci.image.config.v1+json";
inline constexpr const char* kOciLayer = "application/vnd.oci.image.layer.v1.tar+gzip";
inline constexpr const char* kLoneLayer =
    "application/vnd.oci.image.layer.nondistributable.v1.tar+gzip";

/// What a manifest needs.
struct Reference {
  enum class To { kBlob, kManifest, kEither };  ///< an index may list either as an unknown type
  To to = To::kBlob;
  std::string digest;
  std::size_t size = 0;
  bool required = true;
};

/// What a manifest says, as far as it matters to a registry.
struct ManifestFacts {
  std::string type;
  std::vector<Reference> references;
  std::optional<std::string> subject;
  std::string artifact_type;  ///< its own, else the type of its config
  std::map<std::string, std::string> annotations;
};

/// By the rules in server/registry/README.md that the sequences break; none when
/// the manifest has to be refused.
std::optional<ManifestFacts> read_manifest(const std::string& content_type, std::string_view body);

}  // namespace shale::testing::model

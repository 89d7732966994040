#pragma once

#include <string>
#include <string_view>

#include "tests/support/bytes.h"

namespace shale::testing {

inline constexpr std::string_view kImageManifest = "application/vnd.oci.image.manifest.v1+json";
inline constexpr std::string_view kImageIndex = "application/vnd.oci.image.index.v1+json";
inline constexpr std::string_view kImageConfig = "application/vnd.oci.image.config.v1+json";
inline constexpr std::string_view kImageLayer = "application/vnd.oci.image.layer.v1.tar+gzip";
inline constexpr std::string_view kDockerManifest =
    "application/vnd.docker.distribution.manifest.v2+json";
inline constexpr std::string_view kDockerList =
    "application/vnd.docker.distribution.manifest.list.v2+json";
inline constexpr std::string_view kDockerLayer =
    "application/vnd.docker.image.rootfs.diff.tar.gzip";

/// The JSON descriptor of `content`.
inline std::string descriptor(std::string_view media_type, std::string_view content,
                              Algorithm algorithm = Algorithm::kSha256) {
  return R"({"mediaType":")" + std::string(media_type) + R"(","digest":")" +
         digest_of(content, algorithm).str() + R"(","size":)" + std::to_string(content.size()) +
         "}";
}

}  // namespace shale::testing

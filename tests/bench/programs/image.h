#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "tests/bench/programs/http_client.h"

namespace shale::bench {

struct Blob {
  std::string bytes;
  std::string digest;
};

/// A small image: a config of some 1.5 KiB and layers of 2, 8 and 32 KiB.
struct Image {
  Blob config;
  std::vector<Blob> layers;
};

/// The same seed makes the same image; no two share a blob.
Image make_image(std::uint64_t seed);
/// Manifests of one image differ by `note`.
std::string make_manifest(const Image& image, const std::string& note);

/// Asks for the blob and, since it is not there, uploads it as docker does: POST, PATCH, PUT.
void push_blob(HttpClient& client, const std::string& repository, const Blob& blob);
void push_manifest(HttpClient& client, const std::string& repository, const std::string& reference,
                   const std::string& manifest);

}  // namespace shale::bench

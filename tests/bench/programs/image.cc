#include "tests/bench/programs/image.h"

#include <algorithm>
#include <array>

#include "tests/bench/programs/content.h"
#include "tests/bench/programs/sha256.h"

namespace shale::bench {
namespace {

constexpr std::array<std::uint64_t, 3> kLayerSizes{2048, 8192, 32768};
constexpr std::uint64_t kConfigNoise = 640;

Blob make_blob(std::string bytes) {
  std::string digest = digest_of(bytes);
  return {std::move(bytes), std::move(digest)};
}

std::string hex(std::string_view bytes) {
  constexpr std::string_view kHex = "0123456789abcdef";
  std::string text;
  for (const char c : bytes) {
    text += kHex[static_cast<unsigned char>(c) >> 4];
    text += kHex[static_cast<unsigned char>(c) & 15];
  }
  return text;
}

std::string descriptor(const std::string& type, const Blob& blob) {
  return R"({"mediaType":"application/vnd.oci.image.)" + type + R"(","digest":")" + blob.digest +
         R"(","size":)" + std::to_string(blob.bytes.size()) + "}";
}

}  // namespace

Image make_image(std::uint64_t seed) {
  Image image;
  std::string layers;
  for (const std::uint64_t size : kLayerSizes) {
    image.layers.push_back(make_blob(random_bytes(seed * 8 + image.layers.size(), size)));
    layers += (layers.empty() ? "\"" : ",\"") + image.layers.back().digest + "\"";
  }
  image.config =
      make_blob(R"({"architecture":"amd64","os":"linux","rootfs":{"type":"layers","diff_ids":[)" +
                layers + R"(]},"config":{"Labels":{"noise":")" +
                hex(random_bytes(seed * 8 + 7, kConfigNoise)) + R"("}}})");
  return image;
}

std::string make_manifest(const Image& image, const std::string& note) {
  std::string layers;
  for (const Blob& layer : image.layers) {
    layers += (layers.empty() ? "" : ",") + descriptor("layer.v1.tar", layer);
  }
  return R"({"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json","config":)" +
         descriptor("config.v1+json", image.config) + R"(,"layers":[)" + layers +
         R"(],"annotations":{"note":")" + note + R"("}})";
}

void push_blob(HttpClient& client, const std::string& repository, const Blob& blob) {
  const std::string blobs = "/v2/" + repository + "/blobs/";
  client.expect(404, "HEAD", blobs + blob.digest);
  const Head begun = client.expect(202, "POST", blobs + "uploads/");
  std::array<char, 16> size{};
  const int digits = std::snprintf(size.data(), size.size(), "%zx", blob.bytes.size());
  client.send_head("PATCH", begun.location,
                   "Content-Type: application/octet-stream\r\nTransfer-Encoding: chunked\r\n");
  client.socket().send(std::string(size.data(), static_cast<std::size_t>(digits)) + "\r\n" +
                       blob.bytes + "\r\n0\r\n\r\n");
  const Head received = client.receive_expected(202);
  client.expect(201, "PUT", closing_target(received.location, blob.digest));
}

void push_manifest(HttpClient& client, const std::string& repository, const std::string& reference,
                   const std::string& manifest) {
  client.expect(201, "PUT", "/v2/" + repository + "/manifests/" + reference,
                "Content-Type: application/vnd.oci.image.manifest.v1+json\r\n", manifest);
}

}  // namespace shale::bench

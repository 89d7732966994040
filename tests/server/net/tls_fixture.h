#pragma once

#include <chrono>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "server/net/certificates.h"
#include "server/net/self_signed.h"
#include "server/net/server.h"
#include "tests/server/net/fake_application.h"
#include "tests/support/temporary_directory.h"
#include "tests/support/tls_client.h"

namespace shale::testing {

inline constexpr std::string_view kGetPoint = "GET /point HTTP/1.1\r\nHost: t\r\n\r\n";

inline void write_file(const std::filesystem::path& path, const std::string& text) {
  std::ofstream(path, std::ios::trunc) << text;
  std::filesystem::permissions(
      path, std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
}

/// The days of which a certificate is valid, counted from today.
inline net::Validity days(int from, int until) {
  const auto now = std::chrono::system_clock::now();
  return {.from = now + std::chrono::days(from), .until = now + std::chrono::days(until)};
}

/// Files of certificates in a directory that goes at the end.
class CertificateFolder {
 public:
  /// A new pair under this name; one that is there is written over.
  net::CertificateFiles make(const std::string& name, const std::vector<std::string>& hosts,
                             const net::Validity& validity = days(-1, 300)) {
    const net::PemPair pair = net::make_self_signed(hosts, validity);
    const net::CertificateFiles files = named(name);
    write_file(files.certificate, pair.certificate);
    write_file(files.key, pair.key);
    return files;
  }
  net::CertificateFiles named(const std::string& name) const {
    return {.certificate = directory_ / (name + ".crt"), .key = directory_ / (name + ".key")};
  }
  std::filesystem::path operator/(std::string_view name) const { return directory_ / name; }

 private:
  TemporaryDirectory directory_;
};

/// A server that speaks TLS on its first address and none on its second, both free
/// ports of this machine, with a certificate for `first.example`.
struct TlsServer {
  explicit TlsServer(net::Options options = {})
      : server(application, prepared(std::move(options))) {}
  /// A test that left somebody waiting must not hang at its end.
  ~TlsServer() { application.gate.open(); }

  std::string address() const {
    return server.addresses().front().substr(std::string_view("https://").size());
  }
  TlsClient client(const TlsClientOptions& options = {}) const {
    return TlsClient(address(), options);
  }
  /// One that has shaken hands.
  TlsClient ready_client(const TlsClientOptions& options = {}) const {
    TlsClient ready = client(options);
    REQUIRE_MESSAGE(ready.handshake(), ready.trouble());
    return ready;
  }

  net::Options prepared(net::Options options) {
    options.listen = {"https://127.0.0.1:0", "127.0.0.1:0"};
    options.workers = 2;
    options.pool_threads = 2;
    options.certificates.insert(options.certificates.begin(),
                                folder.make("first", {"first.example"}));
    return options;
  }

  CertificateFolder folder;
  FakeApplication application;
  net::Server server;
};

}  // namespace shale::testing

#include "server/net/tls_caller.h"

#include <array>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

#include <doctest/doctest.h>

#include "tests/server/net/tls_fixture.h"

namespace shale::testing {
namespace {

using net::ChainJudgement;
using net::TlsCaller;
using Fault = ChainJudgement::Fault;

TlsCaller caller(const std::string& ca = {}) {
  auto made = TlsCaller::make(ca);
  REQUIRE(std::holds_alternative<TlsCaller>(made));
  return std::move(std::get<TlsCaller>(made));
}

net::UniqueFd dial(const std::string& address) {
  auto dialed =
      net::dial_tcp("127.0.0.1", address.substr(address.rfind(':') + 1), std::chrono::seconds(10));
  REQUIRE(std::holds_alternative<net::Dialed>(dialed));
  CHECK(std::get<net::Dialed>(dialed).address == address);
  return std::move(std::get<net::Dialed>(dialed).socket);
}

/// What there is to read until the other side ends.
std::string all_of(net::Wire& wire) {
  std::string all;
  std::array<std::byte, 1000> piece{};
  while (true) {
    const auto moved = wire.read(piece);
    REQUIRE(moved.fault.empty());
    if (moved.bytes == 0) return all;
    all.append(reinterpret_cast<const char*>(piece.data()), moved.bytes);
  }
}

/// Of a server with that certificate, as seen by who believes it, or only the system's roots.
ChainJudgement judged(const net::Validity& validity, const std::string& host, bool believed) {
  CertificateFolder folder;
  const auto files = folder.make("own", {"first.example", "192.0.2.7"}, validity);
  FakeApplication application;
  net::Options options;
  options.listen = {"https://127.0.0.1:0"};
  options.workers = 1;
  options.pool_threads = 1;
  options.certificates = {files};
  const net::Server server(application, std::move(options));
  const std::string address = server.addresses().front();
  const TlsCaller from = caller(believed ? files.certificate : "");
  auto begun = from.begin(dial(address.substr(std::string_view("https://").size())), host);
  REQUIRE(std::holds_alternative<TlsCaller::Begun>(begun));
  return std::get<TlsCaller::Begun>(begun).judgement;
}

TEST_CASE("TlsCaller: carries a request and its answer") {
  const TlsServer server;
  const TlsCaller from = caller();
  auto begun = from.begin(dial(server.address()), "first.example");
  REQUIRE(std::holds_alternative<TlsCaller::Begun>(begun));
  auto& [wire, judgement] = std::get<TlsCaller::Begun>(begun);
  CHECK(judgement.protocol == "TLSv1.3");
  const std::string request = "GET /point HTTP/1.1\r\nHost: t\r\nConnection: close\r\n\r\n";
  CHECK(wire->write(request).bytes == request.size());
  CHECK(all_of(*wire).starts_with("HTTP/1.1 200 "));
}

TEST_CASE("TlsCaller: finds every fault of a certificate") {
  const auto good = judged(days(-1, 30), "first.example", true);
  CHECK(good.findings.empty());
  CHECK(good.names == std::vector<std::string>{"first.example", "192.0.2.7"});
  CHECK(good.sent == 1);
  CHECK(good.until > std::chrono::system_clock::now() + std::chrono::days(29));
  CHECK(judged(days(-1, 30), "192.0.2.7", true).findings.empty());

  const auto strange = judged(days(-1, 30), "first.example", false);
  CHECK(strange.has(Fault::kSelfSigned));
  CHECK(strange.findings.size() == 1);
  const auto renamed = judged(days(-1, 30), "other.example", true);
  CHECK(renamed.has(Fault::kWrongName));
  CHECK(renamed.findings.size() == 1);
  const auto old = judged(days(-30, -1), "192.0.2.8", false);
  CHECK(old.has(Fault::kExpired));
  CHECK(old.has(Fault::kSelfSigned));
  CHECK(old.has(Fault::kWrongName));
  CHECK(judged(days(1, 30), "first.example", true).has(Fault::kNotYetValid));
}

TEST_CASE("TlsCaller: says why there is no TLS") {
  CHECK(std::holds_alternative<std::string>(TlsCaller::make("/no/such/file.pem")));
  const TlsServer server;
  const TlsCaller from = caller();
  const auto begun = from.begin(dial(server.server.addresses().back()), "first.example");
  REQUIRE(std::holds_alternative<std::string>(begun));
  CHECK_FALSE(std::get<std::string>(begun).empty());
}

TEST_CASE("dial: names who was tried and why nobody answered") {
  const auto dialed = net::dial_tcp("127.0.0.1", "1", std::chrono::seconds(5));
  REQUIRE(std::holds_alternative<std::string>(dialed));
  CHECK(std::get<std::string>(dialed).starts_with("127.0.0.1:1: "));
  const auto unknown = net::dial_tcp("no..name", "80", std::chrono::seconds(5));
  REQUIRE(std::holds_alternative<std::string>(unknown));
  CHECK(std::get<std::string>(unknown).find("does not resolve") != std::string::npos);
  CHECK(std::holds_alternative<std::string>(net::dial_unix("/no/such.sock")));
  CHECK(std::holds_alternative<std::string>(net::dial_unix(std::string(200, 'x'))));
}

}  // namespace
}  // namespace shale::testing

#include "server/net/tls_context.h"

#include <string>
#include <utility>
#include <vector>

#include <doctest/doctest.h>
#include <openssl/ssl.h>

#include "tests/server/net/tls_fixture.h"

namespace shale::testing {
namespace {

TEST_CASE("TLS: versions 1.2 and 1.3 are spoken, the older ones refused") {
  TlsServer running;
  auto newest = running.ready_client();
  CHECK(newest.version() == "TLSv1.3");
  CHECK(newest.exchange(kGetPoint)->body == "hello");
  auto older = running.ready_client({.newest = TLS1_2_VERSION});
  CHECK(older.version() == "TLSv1.2");
  CHECK(older.exchange(kGetPoint)->body == "hello");

  for (const int version : {TLS1_1_VERSION, TLS1_VERSION}) {
    auto oldest = running.client({.newest = version});
    CHECK_FALSE(oldest.handshake());
    CHECK(oldest.trouble() == "tlsv1 alert protocol version");
  }
}

TEST_CASE("TLS: HTTP/1.1 is chosen where it is offered, and who offers only others is refused") {
  TlsServer running;
  CHECK(running.ready_client({.protocols = "\x02h2\x08http/1.1"}).protocol() == "http/1.1");
  CHECK(running.ready_client().protocol().empty());
  auto stranger = running.client({.protocols = "\x02h2"});
  CHECK_FALSE(stranger.handshake());
  CHECK(stranger.trouble() == "tlsv1 alert no application protocol");
}

TEST_CASE("TLS: the client is shown the certificate for the name that it asks for") {
  CertificateFolder others;
  net::Options options;
  options.certificates = {others.make("exact", {"a.wild.example", "second.example"}),
                          others.make("wild", {"*.wild.example"}),
                          others.make("late", {"b.wild.example"})};
  TlsServer running(options);
  for (const auto& [name, certified] :
       std::vector<std::pair<std::string, std::string>>{{"first.example", "first.example"},
                                                        {"second.example", "a.wild.example"},
                                                        {"SECOND.Example", "a.wild.example"},
                                                        {"a.wild.example", "a.wild.example"},
                                                        {"b.wild.example", "b.wild.example"},
                                                        {"c.wild.example", "*.wild.example"},
                                                        {"a.b.wild.example", "first.example"},
                                                        {"wild.example", "first.example"},
                                                        {"unknown.example", "first.example"},
                                                        {"", "first.example"}}) {
    for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
      CAPTURE(name);
      CHECK(running.ready_client({.server_name = name, .newest = version}).certified() ==
            certified);
    }
  }
}

TEST_CASE("TLS: a session is resumed, also after the certificates were read again") {
  TlsServer running;
  for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    CAPTURE(version);
    auto first = running.ready_client({.newest = version});
    CHECK_FALSE(first.resumed());
    REQUIRE(first.exchange(kGetPoint));  // the tickets of TLS 1.3 come before the answer
    const TlsSession session = first.session();
    auto second = running.ready_client({.newest = version, .session = session.get()});
    CHECK(second.resumed());
    CHECK(second.exchange(kGetPoint)->body == "hello");

    CHECK(running.server.reload_certificates());
    auto third = running.ready_client({.newest = version, .session = session.get()});
    CHECK(third.resumed());
  }
}

TEST_CASE("TLS: a session that another server has made is not resumed, and does no harm") {
  TlsServer running;
  TlsServer other;
  auto first = other.ready_client();
  REQUIRE(first.exchange(kGetPoint));
  const TlsSession session = first.session();
  auto second = running.ready_client({.session = session.get()});
  CHECK_FALSE(second.resumed());
  CHECK(second.exchange(kGetPoint)->body == "hello");
}

TEST_CASE("TLS: nobody can have the handshake done over") {
  TlsServer running;
  auto client = running.ready_client({.newest = TLS1_2_VERSION});
  CHECK_FALSE(client.renegotiate());
  CHECK(running.ready_client().exchange(kGetPoint)->body == "hello");
}

}  // namespace
}  // namespace shale::testing

#include "server/net/expiry_watch.h"

#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "server/net/certificate_watch.h"
#include "tests/server/net/tls_fixture.h"

namespace shale::testing {
namespace {

using std::chrono::days;
using std::chrono::hours;
using Time = net::ExpiryWatch::Time;
using Lines = std::vector<std::string>;

const Time kUntil{days(20'000)};  // 2024-10-04
const net::CertificateExpiry kCertificate{"shale.crt", kUntil};

TEST_CASE("ExpiryWatch: warns once at each step, with the file and the day") {
  net::ExpiryWatch watch;
  const auto look = [&](std::chrono::system_clock::duration before) {
    return watch.look({&kCertificate, 1}, kUntil - before);
  };
  CHECK(look(days(31)).empty());
  CHECK(look(days(30)).empty());
  CHECK(look(days(30) - hours(1)) ==
        Lines{"shale.crt: expires on 2024-10-04 00:00 UTC, in less than 30 days, and clients will "
              "refuse it then: renew it"});
  CHECK(look(days(20)).empty());
  CHECK(look(days(6)).front().find("in less than 7 days") != std::string::npos);
  CHECK(look(days(2)).empty());
  CHECK(look(hours(23)).front().find("in less than a day") != std::string::npos);
  CHECK(look(hours(1)).empty());
  CHECK(look(-hours(1)) ==
        Lines{"shale.crt: expired on 2024-10-04 00:00 UTC, so clients refuse it: renew it"});
  CHECK(look(-days(100)).empty());
}

TEST_CASE("ExpiryWatch: looks once an hour, and again when the clock was set back") {
  net::ExpiryWatch watch;
  CHECK(watch.look({&kCertificate, 1}, kUntil - days(40)).empty());
  CHECK(watch.look({&kCertificate, 1}, kUntil - days(40) + std::chrono::minutes(59)).empty());
  const net::CertificateExpiry sooner{"other.crt", kUntil - days(39)};
  CHECK(watch.look({&sooner, 1}, kUntil - days(40) + std::chrono::minutes(59)).empty());
  CHECK(watch.look({&sooner, 1}, kUntil - days(40) - hours(2)).size() == 1);
}

TEST_CASE("ExpiryWatch: a renewed certificate is another one") {
  net::ExpiryWatch watch;
  CHECK(watch.look({&kCertificate, 1}, kUntil - days(3)).size() == 1);
  const net::CertificateExpiry renewed{"shale.crt", kUntil + days(90)};
  CHECK(watch.look({&renewed, 1}, kUntil - days(2)).empty());
  CHECK(watch.look({&renewed, 1}, kUntil + days(85)).size() == 1);
}

TEST_CASE("CertificateWatch: warns of a certificate that expires while it is in force") {
  CertificateFolder folder;
  Lines warnings;
  auto now = std::chrono::system_clock::now();
  net::CertificateWatch watch(
      {folder.make("a", {"a.example"}, testing::days(-1, 40))},
      {.warn = [&](std::string_view, std::string_view cause) { warnings.emplace_back(cause); },
       .note = [](std::string_view, std::string_view) {}},
      [&] { return now; });
  watch.look();
  CHECK(warnings.empty());
  now += days(11);
  watch.look();
  watch.look();
  REQUIRE(warnings.size() == 1);
  CHECK(warnings.front().find("a.crt: expires on ") != std::string::npos);
  now += days(30);
  watch.look();
  REQUIRE(warnings.size() == 2);
  CHECK(warnings.back().find("expired on") != std::string::npos);
  // Who reads it again tells of it, and that is enough.
  watch.reload();
  watch.look();
  CHECK(warnings.size() == 3);
}

}  // namespace
}  // namespace shale::testing

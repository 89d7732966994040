#include <chrono>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include "server/cli/doctor/admission.h"
#include "server/cli/doctor/ground.h"
#include "server/cli/doctor/origin.h"
#include "server/cli/doctor/reach.h"
#include "server/cli/doctor/report.h"
#include "server/cli/doctor/trial.h"
#include "tests/server/cli/canned_server.h"

namespace shale::cli::doctor {
namespace {

using namespace std::chrono_literals;
using net::ChainJudgement;

constexpr std::uint64_t kGiB = std::uint64_t{1} << 30;

bool has(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

/// The only finding.
Finding only(const Report& report) {
  REQUIRE(report.findings().size() == 1);
  return report.findings().front();
}

template <class Judge>
Finding judged(Judge judge) {
  Report report;
  judge(report);
  return only(report);
}

Origin origin(std::string_view text) {
  const auto parsed = parse_instance(text);
  REQUIRE_MESSAGE(parsed, text);
  return *parsed;
}

TEST_CASE("doctor: only what failed makes the exit code 1") {
  Report report;
  CHECK(report.code() == kOk);
  report.ok("connect", "127.0.0.1:5000");
  report.warn("disk sync", "30.0 ms", "use an SSD");
  CHECK(report.code() == kOk);
  report.fail("clock", "90 s behind", "set it");
  CHECK(report.code() == kFailure);

  std::ostringstream table;
  report.print_table(table);
  CHECK(table.str() ==
        "ok       connect    127.0.0.1:5000\n"
        "warning  disk sync  30.0 ms: use an SSD\n"
        "failed   clock      90 s behind: set it\n"
        "3 checks: 1 ok, 1 warnings, 1 failed\n");
  std::ostringstream text;
  report.print_json(text, "http://here");
  const auto json = nlohmann::json::parse(text.str());
  CHECK(json["instance"] == "http://here");
  CHECK(json["failed"] == 1);
  CHECK(json["checks"][0]["advice"].is_null());
  CHECK(json["checks"][1]["verdict"] == "warning");
  CHECK(json["checks"][2]["advice"] == "set it");
}

TEST_CASE("doctor: an instance is a URL without a path, or a host as docker takes it") {
  CHECK(origin("https://Registry.example").str() == "https://registry.example");
  CHECK(origin("https://registry.example:443/").authority() == "registry.example");
  CHECK(origin("http://registry.example:443").str() == "http://registry.example:443");
  CHECK(origin("registry.example:5000").str() == "https://registry.example:5000");
  CHECK(origin("localhost:5000").str() == "http://localhost:5000");
  CHECK(origin("127.0.0.1").str() == "http://127.0.0.1");
  const Origin v6 = origin("https://[::1]:5443");
  CHECK(v6.host == "::1");
  CHECK(v6.port == "5443");
  CHECK(v6.str() == "https://[::1]:5443");
  CHECK(v6.local());
  CHECK(origin("http://[2001:db8::1]").authority() == "[2001:db8::1]");
  for (const std::string_view wrong :
       {"", "https://", "ftp://registry.example", "https://registry.example/v2/", "a b",
        "https://registry.example:port", "http://:5000", "https://user@registry.example"}) {
    CHECK_MESSAGE(!parse_instance(wrong), wrong);
  }
}

TEST_CASE("doctor: the instance of a configuration is its external URL, else where it listens") {
  config::Config config;
  CHECK(instance_of(config)->str() == "http://127.0.0.1:5000");
  config.server.listen = {{.host = {}, .port = 0, .path = "/run/shale.sock"},
                          {.host = "::", .port = 5443, .path = {}, .tls = true}};
  CHECK(instance_of(config)->str() == "https://localhost:5443");
  config.server.external_url = "https://registry.example";
  CHECK(instance_of(config)->str() == "https://registry.example");
  config.server.external_url.clear();
  config.server.listen.pop_back();
  CHECK_FALSE(instance_of(config));
}

TEST_CASE("doctor: a Location is relative, or leads to where we came from") {
  const Origin ours = origin("https://registry.example");
  CHECK(fault_of_location("/v2/app/blobs/uploads/1", ours).empty());
  CHECK(fault_of_location("https://registry.example:443/v2/", ours).empty());
  CHECK(has(fault_of_location("http://registry.example/v2/", ours), "http://registry.example"));
  CHECK(has(fault_of_location("https://127.0.0.1:5000/v2/", ours), "https://127.0.0.1:5000"));
  CHECK_FALSE(fault_of_location("//other.example/v2/", ours).empty());
  CHECK_FALSE(fault_of_location("", ours).empty());
}

TEST_CASE("doctor: challenges are read as servers write them") {
  const auto bearer = Challenge::parse(
      R"(Bearer realm="https://a.example/auth/token",service="shale, \"x\"",scope="y")");
  REQUIRE(bearer);
  CHECK(bearer->scheme == "bearer");
  CHECK(bearer->realm == "https://a.example/auth/token");
  CHECK(bearer->service == "shale, \"x\"");
  CHECK(Challenge::parse("Basic realm=Shale")->realm == "Shale");
  for (const char* wrong : {"", "Basic", "Bearer realm", "Bearer realm=\"open"})
    CHECK_FALSE_MESSAGE(Challenge::parse(wrong), wrong);
}

TEST_CASE("doctor: clocks may differ by seconds") {
  const std::chrono::sys_seconds now(1790000000s);  // Mon, 21 Sep 2026 14:13:20 GMT
  const auto clock = [&](const std::string& date) {
    return judged([&](Report& report) { check_clock(date, now, report); });
  };
  CHECK(clock("Mon, 21 Sep 2026 14:13:20 GMT").verdict == Verdict::kOk);
  CHECK(clock("Mon, 21 Sep 2026 14:13:25 GMT").verdict == Verdict::kOk);
  const Finding behind = clock("Mon, 21 Sep 2026 14:13:00 GMT");
  CHECK(behind.verdict == Verdict::kWarning);
  CHECK(behind.found == "20 s behind this machine's");
  CHECK(clock("Mon, 21 Sep 2026 14:15:20 GMT").verdict == Verdict::kFailed);
  CHECK(clock("").verdict == Verdict::kWarning);
  CHECK(has(clock("yesterday").found, "`yesterday`"));
}

TEST_CASE("doctor: every fault of a chain is told, and a good one by its days") {
  const std::chrono::sys_seconds now = std::chrono::sys_days(std::chrono::January / 1 / 2026);
  ChainJudgement chain{.findings = {},
                       .protocol = "TLSv1.3",
                       .names = {"a.example"},
                       .end_issuer = "CN=Middle",
                       .sent = 1,
                       .until = now + std::chrono::days(90)};
  const auto tell = [&](bool good) {
    Report report;
    CHECK(check_chain(chain, origin("https://b.example:5443"), now, report) == good);
    return report.findings();
  };
  CHECK(tell(true)[1].found == "for a.example, 1 sent, until 2026-04-01 (90 days)");
  CHECK(tell(true)[1].verdict == Verdict::kOk);
  chain.until = now + std::chrono::days(13);
  CHECK(tell(true)[1].verdict == Verdict::kWarning);
  chain.findings = {{ChainJudgement::Fault::kUnknownIssuer, "unable"},
                    {ChainJudgement::Fault::kWrongName, "it is not for b.example"},
                    {ChainJudgement::Fault::kSelfSigned, "self-signed"}};
  const auto all = tell(false);
  REQUIRE(all.size() == 4);
  CHECK(has(all[1].found, "CN=Middle"));
  CHECK(all[2].found == "for a.example, and not for b.example");
  CHECK(has(all[3].advice, "/etc/docker/certs.d/b.example:5443/ca.crt"));
  chain.protocol = "TLSv1.1";
  CHECK(tell(false)[0].verdict == Verdict::kWarning);
}

TEST_CASE("doctor: the machine is judged by what the server needs") {
  const auto space = [](std::uint64_t free) {
    return judged([&](Report& report) { judge_space(free, 100 * kGiB, kGiB, report); }).verdict;
  };
  CHECK(space(kGiB - 1) == Verdict::kFailed);
  CHECK(space(11 * kGiB - 1) == Verdict::kWarning);
  CHECK(space(11 * kGiB) == Verdict::kOk);

  const auto syncs = [](std::vector<std::chrono::microseconds> times) {
    return judged([&](Report& report) { judge_syncs(times, report); });
  };
  CHECK(syncs({1ms, 500ms, 2ms}).verdict == Verdict::kOk);
  CHECK(syncs({1ms, 500ms, 2ms}).found == "2.0 ms for a small file, the median of 3");
  CHECK(syncs({21ms, 500ms, 2ms}).verdict == Verdict::kWarning);

  const auto files = [](std::uint64_t limit) {
    return judged([&](Report& report) { judge_open_files(limit, 1000, "for the server", report); });
  };
  CHECK(files(1384).verdict == Verdict::kOk);
  CHECK(has(files(600).advice, "216 connections of 1000"));
  CHECK(has(files(100).advice, "0 connections"));
  CHECK(open_files_in(
            "Limit  Soft\nMax open files            1024                 524288   files\n") ==
        1024);
  CHECK_FALSE(open_files_in("Max processes 1 1\n"));
  CHECK_FALSE(open_files_in("Max open files unlimited"));

  const auto system = [](std::uint64_t type) {
    return judged([&](Report& report) { judge_file_system(type, report); });
  };
  CHECK(system(0xEF53).found == "ext4");
  CHECK(system(0x6969).verdict == Verdict::kWarning);
  CHECK(has(system(0x794C7630).advice, "volume"));
  CHECK(system(1).verdict == Verdict::kOk);

  const auto memory = [](std::uint64_t limit) {
    return judged([&](Report& report) { judge_memory(limit, {}, report); }).verdict;
  };
  CHECK(memory(kGiB) == Verdict::kOk);
  CHECK(memory(kGiB / 16) == Verdict::kWarning);
}

TEST_CASE("doctor: who refuses decides what is advised") {
  CHECK(has(advice_on(413, false), "client_max_body_size"));
  CHECK(has(advice_on(413, true), "quotas"));
  CHECK(has(advice_on(403, true), "--repository"));
  CHECK(has(advice_on(403, false), "in front"));
  CHECK(has(advice_on(507, true), "storage.reserve"));
  CHECK_FALSE(advice_on(500, true).empty());
}

TEST_CASE("doctor: an answer is told by its words, or those of its page") {
  const auto tell = [](const std::string& body) {
    return told(HttpAnswer{.status = 413, .fields = {}, .body = body});
  };
  CHECK(tell(R"({"errors":[{"code":"DENIED","message":"no room","detail":"for 1 GiB"}]})") ==
        "413: no room: for 1 GiB");
  CHECK(tell("<html>\r\n<title>413 Too Large</title><hr>nginx\n</html>") ==
        "413: 413 Too Large nginx");
  CHECK(tell("") == "413");
  CHECK(told(std::string("no answer in time")) == "no answer in time");
}

HttpAnswer answer(int status, const std::string& body) {
  return {.status = status, .fields = {}, .body = body};
}

const std::string kRefusal = R"({"errors":[{"code":"DENIED","message":"not for you"}]})";
const std::string kPage = "<html><title>403 Forbidden</title>nginx</html>";

TEST_CASE("doctor: what the proxy keeps from clients is no fault, and is not taken for Shale") {
  const auto version = [](const Visitor::Answer& status, const Visitor::Answer& older) {
    return judged([&](Report& report) { judge_version(status, older, report); });
  };
  CHECK(version(answer(200, R"({"version":"1.2"})"), answer(200, "{}")).found == "Shale 1.2");
  for (const int status : {401, 403}) {
    CHECK(has(version(answer(status, kRefusal), answer(status, kRefusal)).found, "administrators"));
  }
  CHECK(has(version(answer(404, kRefusal), answer(401, kRefusal)).found, "administrators"));
  for (const int status : {401, 403, 404}) {
    const Finding kept = version(answer(status, kPage), answer(status, kPage));
    CHECK(kept.verdict == Verdict::kOk);
    CHECK(kept.found == "not shown to clients");
  }
  for (const auto& other : {answer(200, kPage), answer(404, kRefusal), answer(502, kPage)})
    CHECK(version(other, other).verdict == Verdict::kWarning);

  const auto ready = [](const Visitor::Answer& of) {
    return judged([&](Report& report) { judge_ready(of, report); });
  };
  for (const int status : {401, 403, 404}) {
    CHECK(ready(answer(status, kPage)).verdict == Verdict::kOk);
    CHECK(ready(answer(status, kPage)).found == "not shown to clients");
  }
  CHECK(has(ready(answer(404, kRefusal)).found, "older"));
  CHECK(ready(answer(200, "{}")).found == "yes");
  const Finding full =
      ready(answer(503, R"({"checks":[{"name":"disk","ok":false,"detail":"full"}]})"));
  CHECK(full.verdict == Verdict::kFailed);
  CHECK(full.found == "disk: full");
  CHECK(ready(answer(502, kPage)).verdict == Verdict::kFailed);
  CHECK(ready(std::string("no answer in time")).verdict == Verdict::kFailed);
}

TEST_CASE("doctor: numbers are rounded to what is worth reading") {
  CHECK(time_text(340us) == "0.3 ms");
  CHECK(time_text(1234ms) == "1234 ms");
  CHECK(rate_text(std::uint64_t{4} << 20, 2s) == "2.0 MiB/s");
  CHECK(rate_text(0, 0us) == "0.0 MiB/s");
  CHECK(bytes_text(512) == "512 bytes");
  CHECK(bytes_text(3 * kGiB / 2) == "1.5 GiB");
}

TEST_CASE("shale doctor: a wrong command line ends with 2, an instance that is not there with 1") {
  CHECK(shale({"doctor", "https://registry.example/path"}).code == kUsage);
  CHECK(has(shale({"doctor", "http://127.0.0.1:1", "--ca", "/none.pem"}).err, "--ca /none.pem"));
  CHECK(shale({"doctor", "http://127.0.0.1:1", "--user", "alice"}).code == kUsage);
  const Outcome none = shale({"doctor", "http://127.0.0.1:1"});
  CHECK(none.code == kFailure);
  CHECK(has(none.out, "failed  connect"));
}

}  // namespace
}  // namespace shale::cli::doctor

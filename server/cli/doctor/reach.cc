#include "server/cli/doctor/reach.h"

#include <ctime>
#include <iomanip>
#include <optional>
#include <sstream>

#include "server/http/timestamp.h"

namespace shale::cli::doctor {
namespace {

using net::ChainJudgement;
using Fault = ChainJudgement::Fault;

constexpr std::chrono::days kSoon{14};

std::string listed(const std::vector<std::string>& texts) {
  std::string all;
  for (const std::string& text : texts)
    (all += all.empty() ? "" : ", ") += text;
  return all.empty() ? "nobody" : all;
}

std::string day_text(std::chrono::sys_seconds time) {
  return http::format_timestamp(time).substr(0, std::string_view("2026-01-01").size());
}

void tell_fault(const ChainJudgement::Finding& finding, const ChainJudgement& chain,
                const Origin& origin, Report& report) {
  switch (finding.fault) {
    case Fault::kExpired:
      return report.fail("certificate", finding.words,
                         "renew it; Shale takes renewed files without a restart");
    case Fault::kNotYetValid:
      return report.fail("certificate", finding.words,
                         "set this machine's clock, or wait: it is for the future");
    case Fault::kSelfSigned:
      return report.fail("certificate", finding.words,
                         "clients must be given it (docker: /etc/docker/certs.d/" +
                             origin.authority() +
                             "/ca.crt, this command: --ca FILE), or get one from an authority "
                             "that they know");
    case Fault::kUnknownIssuer:
      return report.fail(
          "certificate",
          std::to_string(chain.sent) +
              " sent, and the chain ends before a root: nobody here knows " + chain.end_issuer,
          "if that is an intermediate certificate, put it behind the server's own in the file "
          "(tls.certificates, or what is in front); if it is a root of your own, give it with "
          "--ca FILE");
    case Fault::kWrongName:
      return report.fail("certificate",
                         "for " + listed(chain.names) + ", and not for " + origin.host,
                         "call the registry by one of these names, or get a certificate with "
                         "this one among its alternative names");
    case Fault::kOther:
      return report.fail("certificate", finding.words, "get a certificate without this fault");
  }
}

/// IMF-fixdate (RFC 9110, section 5.6.7), the only form that is sent.
std::optional<std::chrono::sys_seconds> parse_date(const std::string& text) {
  std::tm time{};
  std::istringstream stream(text);
  stream.imbue(std::locale::classic());
  stream >> std::get_time(&time, "%a, %d %b %Y %H:%M:%S GMT");
  if (stream.fail()) return std::nullopt;
  return std::chrono::sys_seconds(std::chrono::seconds(::timegm(&time)));
}

}  // namespace

bool check_chain(const ChainJudgement& chain, const Origin& origin, std::chrono::sys_seconds now,
                 Report& report) {
  if (chain.protocol == "TLSv1.2" || chain.protocol == "TLSv1.3") {
    report.ok("tls", chain.protocol);
  } else {
    report.warn("tls", chain.protocol, "switch TLS 1.2 or 1.3 on in what is in front");
  }
  for (const ChainJudgement::Finding& finding : chain.findings)
    tell_fault(finding, chain, origin, report);
  if (!chain.findings.empty()) return false;
  const auto left = std::chrono::floor<std::chrono::days>(chain.until - now);
  const std::string found = "for " + listed(chain.names) + ", " + std::to_string(chain.sent) +
                            " sent, until " + day_text(chain.until) + " (" +
                            std::to_string(left.count()) + " days)";
  if (left < kSoon) {
    report.warn("certificate", found, "renew it now; Shale takes renewed files without a restart");
  } else {
    report.ok("certificate", found);
  }
  return true;
}

Reach check_reach(Visitor& visitor, Report& report) {
  const Origin& origin = visitor.origin();
  const auto met = visitor.meet();
  if (const auto* why = std::get_if<std::string>(&met)) {
    report.fail("connect", *why,
                "is the server running, is this its address (server.listen), and does no "
                "firewall keep it away?");
    return {};
  }
  const auto& [dialed, chain, fault] = std::get<Visitor::Meeting>(met);
  const std::string found = dialed.address + ", resolved in " + time_text(dialed.resolving) +
                            ", connected in " + time_text(dialed.connecting);
  if (!dialed.deaf.empty() && !origin.local()) {
    report.warn("connect", found + "; in vain before: " + listed(dialed.deaf),
                "take these addresses out of DNS, or serve there too: clients try them first");
  } else {
    report.ok("connect", found);
  }
  if (!fault.empty()) {
    report.fail("tls", fault,
                "is this the port that speaks TLS? In server.listen that is one with https:// "
                "before it; else write http://");
    return {};
  }
  if (chain) {
    const auto now = std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
    return {.reached = true, .trusted = check_chain(*chain, origin, now, report)};
  }
  if (!origin.local()) {
    report.warn("tls", "none",
                "passwords and images cross the network in the clear, and docker refuses unless "
                "it is told insecure-registries: set tls.certificates, or TLS in front");
  }
  return {.reached = true, .trusted = true};
}

void check_clock(const std::string& date, std::chrono::sys_seconds now, Report& report) {
  constexpr std::chrono::seconds kSmall{5};
  constexpr std::chrono::seconds kLarge{60};
  constexpr const char* kAdvice =
      "let chrony or systemd-timesyncd set the clock, there and here: tokens and certificates "
      "are judged by it";
  const auto theirs = parse_date(date);
  if (!theirs) {
    report.warn("clock", date.empty() ? "no Date in the answer" : "Date is `" + date + '`',
                "let what is in front pass Date on");
    return;
  }
  const std::chrono::seconds ahead = *theirs - now;
  const std::string found = std::to_string(std::chrono::abs(ahead).count()) + " s " +
                            (ahead.count() < 0 ? "behind" : "ahead of") + " this machine's";
  if (std::chrono::abs(ahead) > kLarge) {
    report.fail("clock", found, kAdvice);
  } else if (std::chrono::abs(ahead) > kSmall) {
    report.warn("clock", found, kAdvice);
  } else {
    report.ok("clock", found);
  }
}

}  // namespace shale::cli::doctor

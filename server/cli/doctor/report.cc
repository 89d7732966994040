#include "server/cli/doctor/report.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <iomanip>
#include <ostream>
#include <sstream>
#include <utility>

#include <nlohmann/json.hpp>

#include "server/cli/command_line.h"
#include "server/cli/table.h"

namespace shale::cli::doctor {
namespace {

using Json = nlohmann::ordered_json;

const char* word_of(Verdict verdict) {
  switch (verdict) {
    case Verdict::kOk:
      return "ok";
    case Verdict::kWarning:
      return "warning";
    case Verdict::kFailed:
      return "failed";
  }
  return "";
}

/// One digit behind the point, where that says anything.
std::string decimal(double value) {
  constexpr double kWhole = 100;
  std::ostringstream text;
  text << std::fixed << std::setprecision(value < kWhole ? 1 : 0) << value;
  return text.str();
}

}  // namespace

void Report::ok(std::string check, std::string found) {
  findings_.push_back({Verdict::kOk, std::move(check), std::move(found), {}});
}

void Report::warn(std::string check, std::string found, std::string advice) {
  findings_.push_back({Verdict::kWarning, std::move(check), std::move(found), std::move(advice)});
}

void Report::fail(std::string check, std::string found, std::string advice) {
  findings_.push_back({Verdict::kFailed, std::move(check), std::move(found), std::move(advice)});
}

std::size_t Report::count(Verdict verdict) const {
  return static_cast<std::size_t>(std::ranges::count(findings_, verdict, &Finding::verdict));
}

int Report::code() const {
  return count(Verdict::kFailed) == 0 ? kOk : kFailure;
}

void Report::print_table(std::ostream& out) const {
  std::vector<std::vector<std::string>> rows;
  rows.reserve(findings_.size());
  for (const Finding& one : findings_) {
    rows.push_back({word_of(one.verdict), one.check,
                    one.advice.empty() ? one.found : one.found + ": " + one.advice});
  }
  cli::print_table(out, rows);
  out << findings_.size() << " checks: " << count(Verdict::kOk) << " ok, "
      << count(Verdict::kWarning) << " warnings, " << count(Verdict::kFailed) << " failed\n";
}

void Report::print_json(std::ostream& out, const std::string& instance) const {
  Json checks = Json::array();
  for (const Finding& one : findings_) {
    checks.push_back({{"check", one.check},
                      {"verdict", word_of(one.verdict)},
                      {"found", one.found},
                      {"advice", one.advice.empty() ? Json() : Json(one.advice)}});
  }
  const Json json{{"instance", instance},
                  {"ok", count(Verdict::kOk)},
                  {"warnings", count(Verdict::kWarning)},
                  {"failed", count(Verdict::kFailed)},
                  {"checks", std::move(checks)}};
  // What came over the wire may be any bytes.
  out << json.dump(2, ' ', /*ensure_ascii=*/false, Json::error_handler_t::replace) << '\n';
}

std::string time_text(std::chrono::microseconds time) {
  constexpr double kThousand = 1000;
  return decimal(static_cast<double>(time.count()) / kThousand) + " ms";
}

std::string rate_text(std::uint64_t bytes, std::chrono::microseconds time) {
  constexpr double kMega = 1 << 20;
  constexpr double kMicro = 1e6;
  const double seconds = static_cast<double>(std::max<std::int64_t>(1, time.count())) / kMicro;
  return decimal(static_cast<double>(bytes) / kMega / seconds) + " MiB/s";
}

std::string bytes_text(std::uint64_t bytes) {
  constexpr std::array<const char*, 5> kUnits{" bytes", " KiB", " MiB", " GiB", " TiB"};
  constexpr double kStep = 1024;
  auto value = static_cast<double>(bytes);
  std::size_t unit = 0;
  for (; value >= kStep && unit + 1 < kUnits.size(); ++unit)
    value /= kStep;
  return (unit == 0 ? std::to_string(bytes) : decimal(value)) + kUnits.at(unit);
}

}  // namespace shale::cli::doctor

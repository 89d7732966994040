#pragma once

#include <chrono>
#include <cstdint>
#include <iosfwd>
#include <string>
#include <vector>

namespace shale::cli::doctor {

enum class Verdict : std::uint8_t { kOk, kWarning, kFailed };

/// What one check has found.
struct Finding {
  Verdict verdict;
  std::string check;   ///< one or two words
  std::string found;   ///< the value
  std::string advice;  ///< what to change; empty where nothing is
};

/// The findings in the order of the checks.
class Report {
 public:
  void ok(std::string check, std::string found);
  void warn(std::string check, std::string found, std::string advice);
  void fail(std::string check, std::string found, std::string advice);

  const std::vector<Finding>& findings() const noexcept { return findings_; }
  std::size_t count(Verdict verdict) const;
  /// `kOk`, or `kFailure` when a check has failed: warnings alone are no failure.
  int code() const;

  /// One line for each check, and one that counts them.
  void print_table(std::ostream& out) const;
  void print_json(std::ostream& out, const std::string& instance) const;

 private:
  std::vector<Finding> findings_;
};

/// Such as `0.3 ms`.
std::string time_text(std::chrono::microseconds time);
/// Such as `12.5 MiB/s`.
std::string rate_text(std::uint64_t bytes, std::chrono::microseconds time);
/// Such as `1.2 GiB`: rounded, unlike what settings are written in.
std::string bytes_text(std::uint64_t bytes);

}  // namespace shale::cli::doctor

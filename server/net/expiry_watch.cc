#include "server/net/expiry_watch.h"

#include <array>
#include <ctime>
#include <string_view>

namespace shale::net {
namespace {

constexpr std::chrono::hours kInterval{1};
constexpr std::chrono::days kMonth{30};
constexpr std::chrono::days kWeek{7};
constexpr std::chrono::days kDay{1};

std::string date_of(std::chrono::system_clock::time_point time) {
  const std::time_t seconds = std::chrono::system_clock::to_time_t(time);
  std::tm parts{};
  ::gmtime_r(&seconds, &parts);
  std::array<char, 32> text{};
  std::strftime(text.data(), text.size(), "%Y-%m-%d %H:%M UTC", &parts);
  return text.data();
}

}  // namespace

std::vector<std::string> ExpiryWatch::look(std::span<const CertificateExpiry> certificates,
                                           Time now) {
  // A clock that was set back must not end the looking.
  if (now >= looked_ && now - looked_ < kInterval) return {};
  looked_ = now;
  std::vector<std::string> news;
  std::map<Key, Stage> told;
  for (const CertificateExpiry& certificate : certificates) {
    const Key key{certificate.file, certificate.until};
    const Stage stage = stage_of(certificate, now);
    const auto before = told_.find(key);
    told[key] = stage;
    if (stage == Stage::kFar || (before != told_.end() && before->second >= stage)) continue;
    const std::string day = date_of(certificate.until);
    const std::string_view left = stage == Stage::kMonth  ? "30 days"
                                  : stage == Stage::kWeek ? "7 days"
                                                          : "a day";
    news.push_back(certificate.file +
                   (stage == Stage::kOver
                        ? ": expired on " + day + ", so clients refuse it: renew it"
                        : ": expires on " + day + ", in less than " + std::string(left) +
                              ", and clients will refuse it then: renew it"));
  }
  told_ = std::move(told);
  return news;
}

void ExpiryWatch::were_read(std::span<const CertificateExpiry> certificates, Time now) {
  for (const CertificateExpiry& certificate : certificates) {
    if (stage_of(certificate, now) != Stage::kOver) continue;
    told_[{certificate.file, certificate.until}] = Stage::kOver;
  }
  looked_ = {};
}

ExpiryWatch::Stage ExpiryWatch::stage_of(const CertificateExpiry& certificate, Time now) {
  const auto left = certificate.until - now;
  if (left < Time::duration::zero()) return Stage::kOver;
  if (left < kDay) return Stage::kDay;
  if (left < kWeek) return Stage::kWeek;
  return left < kMonth ? Stage::kMonth : Stage::kFar;
}

}  // namespace shale::net

#include "server/cli/readiness.h"

#include <string>

#include <doctest/doctest.h>

namespace shale::cli {
namespace {

bool has(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

TEST_CASE("readiness: the metadata are well while they take commits") {
  CHECK(check_metadata({}).ok);
  index::EngineReport failed;
  failed.failure = "No space left on device";
  CHECK_FALSE(check_metadata(failed).ok);
  CHECK(has(check_metadata(failed).detail, "no commit is taken any more"));
  CHECK_FALSE(has(check_metadata(failed).detail, "No space left"));  // that is for the log
  index::EngineReport stopped;
  stopped.stopped = true;
  CHECK_FALSE(check_metadata(stopped).ok);
}

TEST_CASE("readiness: the disk is well above its reserve") {
  constexpr std::uint64_t kMiB = 1 << 20;
  CHECK(check_disk(Space{.free = 300 * kMiB, .reserve = 256 * kMiB}).ok);
  const auto full = check_disk(Space{.free = 256 * kMiB, .reserve = 256 * kMiB});
  CHECK_FALSE(full.ok);
  CHECK(has(full.detail, "256 MiB free"));
  CHECK_FALSE(check_disk(Error{Errc::kIo, "no such file"}).ok);
}

TEST_CASE("readiness: the first certificate to expire is the one that counts") {
  using std::chrono::hours;
  const auto now = std::chrono::system_clock::now();
  const auto well = check_certificates_in_force(
      {{"b.crt", now + hours(24 * 90 + 1)}, {"a.crt", now + hours(24 * 3 + 1)}}, now);
  CHECK(well.ok);
  CHECK(well.detail == "a.crt is the first to expire, in 3 days");
  const auto expired =
      check_certificates_in_force({{"b.crt", now + hours(24)}, {"a.crt", now - hours(1)}}, now);
  CHECK(expired.ok);  // hosts of the other are served
  CHECK(expired.detail ==
        "a.crt has expired: put a fresh certificate there, it is read at once; "
        "the others hold");
  const auto none = check_certificates_in_force({{"/etc/shale/a.crt", now - hours(1)}}, now);
  CHECK_FALSE(none.ok);
  CHECK(none.detail.starts_with("a.crt has expired"));  // strangers learn no path
}

}  // namespace
}  // namespace shale::cli

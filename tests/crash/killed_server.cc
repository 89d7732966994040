// `shale` as it is, on layers that kill it at a named step: SHALE_KILL_AT names the
// step, SHALE_KILL_NTH says at which time, and SIGUSR1 lets the counting begin.
// `killed_server kill-points pushes|life` prints the names.
#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <iostream>
#include <string>
#include <vector>

#include <unistd.h>

#include "server/cli/command_line.h"
#include "server/cli/serve.h"
#include "tests/crash/killing_file_system.h"
#include "tests/crash/killing_metadata_store.h"

namespace {

using shale::testing::KillPoint;
using shale::testing::Work;

std::string variable(const char* name, const char* otherwise) {
  const char* value = std::getenv(name);  // NOLINT(concurrency-mt-unsafe): one thread yet
  return value != nullptr ? value : otherwise;
}

/// A signal handler has no other way to it.
KillPoint& the_point() {
  static KillPoint point(variable("SHALE_KILL_AT", ""), std::stoi(variable("SHALE_KILL_NTH", "1")));
  return point;
}

int serve(const shale::cli::Serving& serving) {
  KillPoint& point = the_point();
  struct ::sigaction on_signal{};
  on_signal.sa_handler = [](int) { the_point().arm(); };
  on_signal.sa_flags = SA_RESTART;
  ::sigaction(SIGUSR1, &on_signal, nullptr);

  shale::testing::KillingFileSystem files(point);
  const shale::cli::Ground ground{
      .files = &files, .open_metadata = [&](shale::index::RocksOptions options) {
        return shale::testing::KillingMetadataStore::open(std::move(options), point);
      }};
  return shale::cli::serve_on(serving, ground);
}

}  // namespace

int main(int argc, char** argv) {
  const std::vector<std::string> arguments(argv + 1, argv + argc);
  const auto pushes = KillPoint::names(Work::kPushes);
  const auto life = KillPoint::names(Work::kLife);
  if (arguments.size() == 2 && arguments[0] == "kill-points") {
    for (const std::string& name : arguments[1] == "life" ? life : pushes)
      std::cout << name << '\n';
    return EXIT_SUCCESS;
  }
  const std::string at = variable("SHALE_KILL_AT", "");
  if (!at.empty() && std::ranges::count(pushes, at) + std::ranges::count(life, at) == 0) {
    std::cerr << "there is no step " << at << '\n';
    return EXIT_FAILURE;
  }
  return shale::cli::run(arguments,
                         {.environment = {}, .out = std::cout, .err = std::cerr, .serve = serve});
}

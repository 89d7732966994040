#include "server/cli/attempt.h"

#include <exception>

namespace shale::cli {
namespace {

/// Telling of it takes memory, too, which may be just what was missing.
void tell(log::Logger& logger, std::string_view failure, std::string_view cause) noexcept {
  try {
    logger.error(failure, {{"cause", cause}});
  } catch (...) {  // NOLINT(bugprone-empty-catch): nobody is left to be told
  }
}

}  // namespace

void attempt(log::Logger& logger, std::string_view failure,
             const std::function<void()>& work) noexcept {
  try {
    work();
  } catch (const std::exception& exception) {
    tell(logger, failure, exception.what());
  } catch (...) {
    tell(logger, failure, "something that is no exception of the library");
  }
}

}  // namespace shale::cli

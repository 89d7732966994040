#include "server/cli/attempt.h"

#include <stdexcept>
#include <string>

#include <doctest/doctest.h>

#include "blobstore/guarded.h"

namespace shale::cli {
namespace {

TEST_CASE("attempt: whatever is thrown is told, and what comes next is done") {
  Guarded<std::string> text;
  int done = 0;
  {
    log::Logger logger(
        {.format = log::Format::kJson, .level = log::Level::kInfo},
        [&](std::string_view more, const std::stop_token&) { text.lock()->append(more); });
    attempt(logger, "the users", [] { throw std::runtime_error("a full disk"); });
    attempt(logger, "the policy", [] { throw 7; });
    attempt(logger, "the rest", [&] { ++done; });
  }
  CHECK(done == 1);
  const std::string told = *text.lock();
  CHECK(told.find(R"("msg":"the users","cause":"a full disk")") != std::string::npos);
  CHECK(told.find(R"("msg":"the policy","cause":"something that is no)") != std::string::npos);
  CHECK(told.find("the rest") == std::string::npos);
}

}  // namespace
}  // namespace shale::cli

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <variant>

#include "server/config/policy_file.h"
#include "tests/fuzz/fuzz.h"

namespace shale::config {
namespace {

void run(std::string_view bytes) {
  const auto read = parse_policy(std::string(bytes), "policy.yaml");
  if (const auto* problems = std::get_if<std::vector<Problem>>(&read)) {
    FUZZ_CHECK(!problems->empty());
    for (const Problem& problem : *problems) {
      FUZZ_CHECK(problem.where.starts_with("policy.yaml"));
      FUZZ_CHECK(!problem.what.empty());
    }
    return;
  }
  for (const PolicyFile::Rule& rule : std::get<PolicyFile>(read).rules)
    FUZZ_CHECK(rule.line > 0);
}

}  // namespace
}  // namespace shale::config

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {  // NOLINT
  shale::config::run({reinterpret_cast<const char*>(data), size});
  return 0;
}

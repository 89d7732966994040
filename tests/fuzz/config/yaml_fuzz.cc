#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include <sys/mman.h>
#include <unistd.h>

#include "server/config/load.h"
#include "server/config/print.h"
#include "tests/fuzz/fuzz.h"

namespace shale::config {
namespace {

/// A file without a directory, gone at the end.
class MemoryFile {
 public:
  explicit MemoryFile(std::string_view text) : descriptor_(::memfd_create("shale.yaml", 0)) {
    FUZZ_CHECK(descriptor_ >= 0);
    FUZZ_CHECK(::write(descriptor_, text.data(), text.size()) ==
               static_cast<::ssize_t>(text.size()));
  }
  ~MemoryFile() { ::close(descriptor_); }
  MemoryFile(const MemoryFile&) = delete;
  MemoryFile& operator=(const MemoryFile&) = delete;

  std::string path() const { return "/proc/self/fd/" + std::to_string(descriptor_); }

 private:
  int descriptor_;
};

std::variant<Loaded, std::vector<Problem>> load_text(std::string_view text) {
  const MemoryFile file(text);
  return load({.file = file.path()});
}

/// What is taken can be printed and taken again; what is not has words and a place.
void run(std::string_view text) {
  const auto outcome = load_text(text);
  if (const auto* problems = std::get_if<std::vector<Problem>>(&outcome)) {
    FUZZ_CHECK(!problems->empty());
    for (const Problem& problem : *problems) {
      FUZZ_CHECK(!problem.where.empty() && !problem.what.empty());
      FUZZ_CHECK(problem.str().find('\n') == std::string::npos);
    }
    return;
  }
  const Config& config = std::get<Loaded>(outcome).config;
  for (const std::string& printed : {to_yaml(config), to_json(config)}) {
    const auto again = load_text(printed);
    FUZZ_CHECK(std::holds_alternative<Loaded>(again));
    FUZZ_CHECK(std::get<Loaded>(again).config == config);
  }
}

}  // namespace
}  // namespace shale::config

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {  // NOLINT
  shale::config::run({reinterpret_cast<const char*>(data), size});
  return 0;
}

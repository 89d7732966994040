// `verify_store DATA_DIR`: looks at every byte and row of the store of a `shale` that
// does not run; with `expire` behind it, also lets all uploads expire. Prints what is
// wrong, each on a line that begins with WRONG, and what there is.
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <iostream>
#include <string>
#include <vector>

#include "server/index/rocks/rocks_metadata_store.h"
#include "tests/crash/verify_store.h"

namespace {

int verify(const std::filesystem::path& root, bool expire) {
  const shale::SystemClock clock;
  const auto metadata =
      shale::index::RocksMetadataStore::open({.path = root / "metadata", .clock = clock});
  if (!metadata) {
    std::cout << "WRONG: " << metadata.error().message << '\n';
    return EXIT_FAILURE;
  }
  shale::testing::StoreReport report = shale::testing::verify_store(root, **metadata);
  if (expire) {
    for (const std::string& left : shale::testing::uploads_that_never_expire(root, **metadata))
      report.findings.push_back(left);
  }
  for (const std::string& finding : report.findings)
    std::cout << "WRONG: " << finding << '\n';
  std::cout << report.blobs << " blobs, " << report.orphans << " orphans, " << report.uploads
            << " uploads\n";
  return report.findings.empty() ? EXIT_SUCCESS : EXIT_FAILURE;
}

}  // namespace

int main(int argc, char** argv) {
  const std::vector<std::string> arguments(argv + 1, argv + argc);
  const bool expire = arguments.size() == 2 && arguments[1] == "expire";
  if (arguments.empty() || (arguments.size() > 1 && !expire)) {
    std::cerr << "usage: verify_store DATA_DIR [expire]\n";
    return EXIT_FAILURE;
  }
  try {
    return verify(arguments[0], expire);
  } catch (const std::exception& failed) {
    std::cout << "WRONG: " << failed.what() << '\n';
    return EXIT_FAILURE;
  }
}

#include "blobstore/current.h"

#include <string>
#include <thread>
#include <vector>

#include <doctest/doctest.h>

namespace shale {
namespace {

TEST_CASE("Current: whoever asked before a change keeps what they got") {
  Current<std::string> current("old");
  const auto before = current.get();
  current.replace("new");
  CHECK(*before == "old");
  CHECK(*current.get() == "new");
}

TEST_CASE("Current: readers and writers do not meet") {
  Current<std::string> current(std::string(100, 'a'));
  {
    const std::jthread writer([&](const std::stop_token& stop) {
      for (char c = 'a'; !stop.stop_requested(); c = c == 'z' ? 'a' : static_cast<char>(c + 1))
        current.replace(std::string(100, c));
    });
    for (int i = 0; i < 10'000; ++i) {
      const auto text = current.get();
      REQUIRE(*text == std::string(100, text->front()));
    }
  }
}

}  // namespace
}  // namespace shale

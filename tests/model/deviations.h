#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>

#include "tests/model/exchange.h"

namespace shale::testing::model {

/// What Debian's docker-registry 2.8.2 answers otherwise than the model. Each
/// entry says why that is no fault of the model: the spec leaves it open, or
/// 2.8.2 is known to differ from the spec. Everything else has to be the same.
class DockerRegistryDeviations {
 public:
  /// Takes each difference that an entry explains out of both answers.
  void forgive(const Request& request, Answer& expected, Answer& got);

  /// How often each entry was needed, by its name and reason.
  const std::map<std::string, std::uint64_t>& used() const { return used_; }

 private:
  std::map<std::string, std::uint64_t> used_;
};

}  // namespace shale::testing::model

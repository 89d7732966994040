#include "auth/identity.h"

namespace shale::auth {

std::string_view kind_name(Identity::Kind kind) noexcept {
  switch (kind) {
    case Identity::Kind::kAnonymous:
      return "anonymous";
    case Identity::Kind::kUser:
      return "user";
    case Identity::Kind::kRobot:
      return "robot";
    case Identity::Kind::kOperator:
      break;
  }
  return "operator";
}

}  // namespace shale::auth

#include "server/api/caller.h"

namespace shale::api {

bool Caller::token_allows(auth::Action action, std::string_view repository) const {
  if (!token) return true;
  std::string_view word;
  switch (action) {
    case auth::Action::kPull:
      word = "pull";
      break;
    case auth::Action::kPush:
    case auth::Action::kOverwrite:
      word = "push";
      break;
    case auth::Action::kDelete:
      word = "delete";
      break;
    case auth::Action::kAdmin:
      return false;
  }
  return auth::grants(token->access, "repository", repository, word);
}

}  // namespace shale::api

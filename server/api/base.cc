#include "server/api/handlers.h"

namespace shale::api {

Result<http::Response> get_base(const Call& /*call*/) {
  http::Response response;
  response.headers.add("Content-Type", "application/json");
  response.body.emplace_back("{}");
  return response;
}

}  // namespace shale::api

#pragma once

#include <string>
#include <string_view>

namespace shale::api {

/// A query as the log may have it: the parameters of this API as they came, and `***` for
/// every other one, because clients write passwords and tokens there.
std::string logged_query(std::string_view query);

}  // namespace shale::api

#include "server/cli/json_words.h"

#include <nlohmann/json.hpp>

namespace shale::cli {

std::string joined(const nlohmann::ordered_json& texts, std::string_view between) {
  std::string all;
  for (const auto& text : texts)
    ((all += all.empty() ? "" : between)) += text.get<std::string>();
  return all;
}

std::string listed(const nlohmann::ordered_json& texts) {
  return texts.empty() ? "-" : joined(texts, ", ");
}

}  // namespace shale::cli

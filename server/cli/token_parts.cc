#include "server/cli/token_parts.h"

#include <chrono>
#include <filesystem>
#include <stdexcept>
#include <string>
#include <utility>
#include <variant>

namespace shale::cli {

auth::TokenService::Options token_options(const config::Config& config) {
  return {.format = {.issuer = "shale", .service = config.auth.service},
          .life = std::chrono::duration_cast<std::chrono::seconds>(config.auth.token_life)};
}

std::shared_ptr<auth::KeyRing> token_keys(const config::Config& config, const Clock& clock,
                                          log::Logger& logger) {
  const auto directory = std::filesystem::path(config.storage.data_dir) / "auth";
  auth::KeyRing::Options options;
  options.key_life = std::chrono::duration_cast<std::chrono::seconds>(config.auth.key_life);
  options.longest_token = token_options(config).longest_token();
  auto ring = auth::KeyRing::open(
      directory, options, [&logger](const std::string& what) { logger.warn(what, {}); },
      clock.now());
  if (const auto* fault = std::get_if<std::string>(&ring)) throw std::runtime_error(*fault);
  return std::get<std::shared_ptr<auth::KeyRing>>(std::move(ring));
}

}  // namespace shale::cli

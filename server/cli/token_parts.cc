#include "server/cli/token_parts.h"

#include <chrono>
#include <filesystem>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <variant>

namespace shale::cli {
namespace {

template <class Part>
Part good(std::variant<Part, std::string> opened) {
  if (const auto* fault = std::get_if<std::string>(&opened)) throw std::runtime_error(*fault);
  return std::get<Part>(std::move(opened));
}

std::unique_ptr<auth::ExternalTokens> external_tokens(const config::Config::External& config,
                                                      auth::ExternalTokens::Report report) {
  if (!config.configured()) return nullptr;
  auto opened = auth::ExternalTokens::open({.issuer = config.issuer,
                                            .service = config.service,
                                            .certificates = config.certificates,
                                            .jwks = config.jwks},
                                           std::move(report));
  return good(std::move(opened));
}

}  // namespace

auth::TokenService::Options token_options(const config::Config& config) {
  return {.format = {.issuer = "shale", .service = config.auth.service},
          .life = std::chrono::duration_cast<std::chrono::seconds>(config.auth.token_life)};
}

auth::TokenService::Parts token_parts(const config::Config& config, const Clock& clock,
                                      log::Logger& logger) {
  const auto directory = std::filesystem::path(config.storage.data_dir) / "auth";
  const auto report = [&logger](const std::string& what) { logger.warn(what, {}); };
  const auto longest = token_options(config).longest_token();
  auth::KeyRing::Options keys;
  keys.key_life = std::chrono::duration_cast<std::chrono::seconds>(config.auth.key_life);
  keys.longest_token = longest;
  auth::Revocations::Options revocations;
  revocations.longest_token = longest;
  return {.keys = good(auth::KeyRing::open(directory, keys, report, clock.now())),
          .revocations = good(auth::Revocations::open(directory / "revoked-tokens", revocations)),
          .external = external_tokens(config.auth.external, report)};
}

}  // namespace shale::cli

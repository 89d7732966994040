#include "server/cli/doctor/origin.h"

#include <algorithm>

#include "server/http/uri.h"

namespace shale::cli::doctor {
namespace {

constexpr std::string_view kHttps = "https://";
constexpr std::string_view kHttp = "http://";

const char* usual_port(bool tls) {
  return tls ? "443" : "80";
}

std::string lower(std::string_view text) {
  std::string all(text);
  std::ranges::transform(all, all.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
  });
  return all;
}

std::optional<Origin> parse_authority(std::string_view text, bool tls) {
  if (!http::is_authority(text)) return std::nullopt;
  Origin origin{.tls = tls, .host = {}, .port = usual_port(tls)};
  const std::size_t colon = text.rfind(':');
  const bool bracketed = text.front() == '[';
  if (colon != std::string_view::npos && (!bracketed || text[colon - 1] == ']')) {
    origin.port = text.substr(colon + 1);
    text = text.substr(0, colon);
  }
  origin.host = lower(bracketed ? text.substr(1, text.size() - 2) : text);
  if (origin.host.empty() || origin.port.empty()) return std::nullopt;
  return origin;
}

}  // namespace

std::string Origin::str() const {
  return std::string(tls ? kHttps : kHttp) + authority();
}

std::string Origin::authority() const {
  const std::string name = host.find(':') == std::string::npos ? host : '[' + host + ']';
  return port == usual_port(tls) ? name : name + ':' + port;
}

bool Origin::local() const {
  return config::ListenAddress{.host = host, .port = 0, .path = {}}.local();
}

std::optional<Url> Url::parse(std::string_view text) {
  const std::string front = lower(text.substr(0, kHttps.size()));
  const bool tls = front == kHttps;
  if (!tls && !front.starts_with(kHttp)) return std::nullopt;
  text.remove_prefix(tls ? kHttps.size() : kHttp.size());
  const std::size_t end = std::min(text.find_first_of("/?#"), text.size());
  auto origin = parse_authority(text.substr(0, end), tls);
  if (!origin) return std::nullopt;
  std::string target(text.substr(end));
  if (!target.starts_with('/')) target.insert(0, 1, '/');
  return Url{std::move(*origin), std::move(target)};
}

std::optional<Origin> parse_instance(std::string_view text) {
  if (text.find("://") != std::string_view::npos) {
    auto url = Url::parse(text);
    return url && url->target == "/" ? std::optional(std::move(url->origin)) : std::nullopt;
  }
  const auto plain = parse_authority(text, /*tls=*/false);
  return plain && plain->local() ? plain : parse_authority(text, /*tls=*/true);
}

std::optional<Origin> instance_of(const config::Config& config) {
  if (!config.server.external_url.empty()) return parse_instance(config.server.external_url);
  for (const config::ListenAddress& address : config.server.listen) {
    if (address.unix_socket() || address.port == 0) continue;
    // Every interface is this machine's, too.
    const bool any = address.host.empty() || address.host == "0.0.0.0" || address.host == "::";
    return Origin{.tls = address.tls,
                  .host = any ? "localhost" : lower(address.host),
                  .port = std::to_string(address.port)};
  }
  return std::nullopt;
}

}  // namespace shale::cli::doctor

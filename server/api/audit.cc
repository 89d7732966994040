#include "server/api/audit.h"

#include <chrono>
#include <string>
#include <utility>
#include <vector>

#include "auth/login_throttle.h"

namespace shale::api {
namespace {

using About = UnprovedLines::About;

constexpr std::chrono::minutes kWindow{1};

std::string_view message_of(About about) {
  switch (about) {
    case About::kLogin:
      return "login";
    case About::kToken:
      return "token";
    case About::kAccess:
      break;
  }
  return "access";
}

std::string_view name_of(auth::Decision::By by) {
  switch (by) {
    case auth::Decision::By::kNothing:
      return "nothing";
    case auth::Decision::By::kRule:
      return "rule";
    case auth::Decision::By::kPermissions:
      return "permissions";
    case auth::Decision::By::kOperator:
      break;
  }
  return "operator";
}

/// As an operator writes it.
std::string client_of(const std::string& party) {
  if (party.empty()) return "others";
  const bool network = party.find(':') != std::string::npos && !party.starts_with("::ffff:");
  return network ? party + "/64" : party;
}

}  // namespace

Audit::Audit(log::Logger& lines, const Clock& clock)
    : lines_(lines), clock_(clock), window_began_(clock.now()) {}

Audit::~Audit() {
  write_counted();
}

void Audit::settle() const {
  const auth::Time now = clock_.now();
  {
    const auto began = window_began_.lock();
    // A clock that was set back must not keep a window open.
    if (now >= *began && now - *began < kWindow) return;
    *began = now;
  }
  write_counted();
}

void Audit::write_counted() const {
  for (const auto& [party, about, count] : unproved_.begin_window()) {
    lines_.info(message_of(about),
                {{"client", client_of(party)}, {"outcome", "suppressed"}, {"count", count}});
  }
}

void Audit::replace_trusted_proxies(http::TrustedProxies trusted) {
  trusted_.replace(std::move(trusted));
}

http::ClientView Audit::view_of(const http::Request& request) const {
  return http::client_view(request, *trusted_.get());
}

bool Audit::takes(const http::ClientView& client, About about) const {
  return unproved_.take(auth::party_of(client.address), about);
}

void Audit::login(const http::Request& request, const auth::Identity* who,
                  std::string_view outcome) const {
  const http::ClientView client = view_of(request);
  if (who == nullptr && !takes(client, About::kLogin)) return;
  std::vector<log::Field> fields = {
      {"request_id", request.id}, {"client", client.address}, {"outcome", outcome}};
  if (who != nullptr) {
    fields.emplace_back("user", who->name);
    fields.emplace_back("kind", auth::kind_name(who->kind));
  }
  lines_.log(log::Level::kInfo, "login", fields);
}

void Audit::token(const http::Request& request, const auth::Identity& who,
                  std::string_view scope) const {
  const http::ClientView client = view_of(request);
  if (who.anonymous() && !takes(client, About::kToken)) return;
  lines_.info("token", {{"request_id", request.id},
                        {"client", client.address},
                        {"user", who.name},
                        {"kind", auth::kind_name(who.kind)},
                        {"scope", scope}});
}

void Audit::decision(const http::Request& request, const auth::Identity& who, auth::Action action,
                     std::string_view repository, const auth::Decision& decision) const {
  const http::ClientView client = view_of(request);
  if (who.anonymous() && !decision.allowed && !takes(client, About::kAccess)) return;
  lines_.info("access", {{"request_id", request.id},
                         {"client", client.address},
                         {"user", who.name},
                         {"kind", auth::kind_name(who.kind)},
                         {"action", auth::action_name(action)},
                         {"repository", repository},
                         {"outcome", decision.allowed ? "allowed" : "denied"},
                         {"rule", decision.rule},
                         {"line", decision.line},
                         {"by", name_of(decision.by)}});
}

void Audit::change(const http::Request& request, const auth::Identity& who, std::string_view what,
                   std::string_view target, std::string_view detail) const {
  const http::ClientView client = view_of(request);
  std::vector<log::Field> fields = {{"request_id", request.id}, {"client", client.address},
                                    {"user", who.name},         {"kind", auth::kind_name(who.kind)},
                                    {"change", what},           {"target", target}};
  if (!detail.empty()) fields.emplace_back("detail", detail);
  lines_.log(log::Level::kInfo, "change", fields);
}

}  // namespace shale::api

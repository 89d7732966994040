#include "server/api/audit.h"

#include <string>
#include <vector>

namespace shale::api {
void Audit::login(const http::Request& request, const auth::Identity* who,
                  std::string_view outcome) const {
  const http::ClientView client = http::client_view(request, trusted_);
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
  const http::ClientView client = http::client_view(request, trusted_);
  lines_.info("token", {{"request_id", request.id},
                        {"client", client.address},
                        {"user", who.name},
                        {"kind", auth::kind_name(who.kind)},
                        {"scope", scope}});
}

void Audit::decision(const http::Request& request, const auth::Identity& who, auth::Action action,
                     std::string_view repository, const auth::Decision& decision) const {
  const http::ClientView client = http::client_view(request, trusted_);
  lines_.info("access", {{"request_id", request.id},
                         {"client", client.address},
                         {"user", who.name},
                         {"kind", auth::kind_name(who.kind)},
                         {"action", auth::action_name(action)},
                         {"repository", repository},
                         {"outcome", decision.allowed ? "allowed" : "denied"},
                         {"rule", decision.rule},
                         {"line", decision.line}});
}

void Audit::change(const http::Request& request, const auth::Identity& who, std::string_view what,
                   std::string_view target) const {
  const http::ClientView client = http::client_view(request, trusted_);
  lines_.info("change", {{"request_id", request.id},
                         {"client", client.address},
                         {"user", who.name},
                         {"kind", auth::kind_name(who.kind)},
                         {"change", what},
                         {"target", target}});
}

}  // namespace shale::api

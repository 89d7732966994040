#include "server/cli/doctor/visitor.h"

#include <algorithm>
#include <memory>

#include "auth/base64.h"

namespace shale::cli::doctor {
namespace {

bool carries_secret(const HttpRequest& request) {
  return std::ranges::any_of(request.fields,
                             [](const auto& field) { return field.first == "Authorization"; });
}

}  // namespace

std::string Login::basic() const {
  std::string text = auth::encode_base64url(user + ':' + password);
  std::ranges::replace(text, '-', '+');
  std::ranges::replace(text, '_', '/');
  while (text.size() % 4 != 0)
    text += '=';
  return "Basic " + text;
}

std::variant<Visitor::Meeting, std::string> Visitor::meet() {
  auto dialed = net::dial_tcp(origin_.host, origin_.port, limit_);
  if (auto* why = std::get_if<std::string>(&dialed)) return std::move(*why);
  Meeting meeting{.dialed = std::move(std::get<net::Dialed>(dialed)), .chain = {}, .fault = {}};
  if (!origin_.tls) return meeting;
  auto begun = tls_.begin(std::move(meeting.dialed.socket), origin_.host);
  if (auto* why = std::get_if<std::string>(&begun)) {
    meeting.fault = std::move(*why);
  } else {
    meeting.chain = std::move(std::get<net::TlsCaller::Begun>(begun).judgement);
    trusted_ = trusted_ || meeting.chain->findings.empty();
  }
  return meeting;
}

Visitor::Answer Visitor::ask_within(HttpRequest request, std::chrono::milliseconds limit) const {
  if (!authorization_.empty()) request.fields.emplace_back("Authorization", authorization_);
  return send(origin_, std::move(request), limit);
}

Visitor::Answer Visitor::ask_at(const Origin& other, HttpRequest request) const {
  return send(other, std::move(request), limit_);
}

Visitor::Answer Visitor::send(const Origin& to, HttpRequest request,
                              std::chrono::milliseconds limit) const {
  auto dialed = net::dial_tcp(to.host, to.port, limit);
  if (auto* why = std::get_if<std::string>(&dialed)) return std::move(*why);
  net::UniqueFd socket = std::move(std::get<net::Dialed>(dialed).socket);
  std::unique_ptr<net::Wire> wire;
  if (to.tls) {
    auto begun = tls_.begin(std::move(socket), to.host);
    if (auto* why = std::get_if<std::string>(&begun)) return std::move(*why);
    auto& [secured, judgement] = std::get<net::TlsCaller::Begun>(begun);
    const bool lenient = to == origin_ && !trusted_ && !carries_secret(request);
    if (!lenient && !judgement.findings.empty()) {
      return "its certificate is not to be trusted: " + judgement.findings.front().words;
    }
    wire = std::move(secured);
  } else {
    wire = net::plain_wire(std::move(socket));
  }
  request.host = to.authority();
  return exchange(*wire, request);
}

}  // namespace shale::cli::doctor

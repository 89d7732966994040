#include "server/cli/doctor/admission.h"

#include <algorithm>
#include <cctype>

#include <nlohmann/json.hpp>

#include "server/http/uri.h"

namespace shale::cli::doctor {
namespace {

using Json = nlohmann::json;

constexpr std::string_view kForwarded =
    "set server.external_url, or have the proxy send X-Forwarded-Proto and X-Forwarded-Host and "
    "name it in server.trusted_proxies";

Json json_of(const HttpAnswer& answer) {
  return Json::parse(answer.body, nullptr, /*allow_exceptions=*/false);
}

std::string text_of(const Json& json, const char* name) {
  const auto found = json.is_object() ? json.find(name) : json.end();
  return found != json.end() && found->is_string() ? found->get<std::string>() : std::string();
}

std::string lower(std::string text) {
  std::ranges::transform(text, text.begin(),
                         [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return text;
}

/// The bearer's, if there is one: as clients choose.
std::optional<Challenge> challenge_of(const HttpAnswer& answer) {
  std::optional<Challenge> chosen;
  for (const std::string& field : answer.all("WWW-Authenticate")) {
    auto one = Challenge::parse(field);
    if (!one || (one->scheme != "basic" && one->scheme != "bearer")) continue;
    if (!chosen || one->scheme == "bearer") chosen = std::move(one);
  }
  return chosen;
}

/// Whether tokens may be asked for there, and what is wrong with that if anything is.
bool check_realm(const Visitor& visitor, const Url& realm, Report& report) {
  const Origin& ours = visitor.origin();
  const std::string found = "tokens are at " + realm.origin.str();
  const bool own_service = realm.target.starts_with("/auth/token");
  if (own_service && realm.origin != ours) {
    report.fail("token url", found + ", and we came by " + ours.str(), std::string(kForwarded));
    return false;
  }
  if (ours.tls && !realm.origin.tls) {
    report.fail("token url", found + " without TLS",
                "passwords would go there in the clear: " + std::string(kForwarded));
    return false;
  }
  report.ok("token url", realm.origin.str());
  return true;
}

/// Asks the token service; empty when it gives none, which has been reported then.
std::string fetch_token(const Visitor& visitor, const Challenge& challenge, const Url& realm,
                        const std::optional<Login>& login, const std::string& repository,
                        Report& report) {
  HttpRequest request{.target = realm.target};
  request.target += realm.target.find('?') == std::string::npos ? '?' : '&';
  request.target += "service=" + http::encode_component(challenge.service) + "&scope=" +
                    http::encode_component("repository:" + repository + ":pull,push,delete");
  if (login) request.fields.emplace_back("Authorization", login->basic());
  const auto answer = visitor.ask_at(realm.origin, std::move(request));
  const auto* answered = std::get_if<HttpAnswer>(&answer);
  if (answered == nullptr || !answered->fine()) {
    const bool refused = answered != nullptr && answered->status == 401;
    if (refused && !login) {
      report.warn("login", "it asks for one", "give --user NAME for the trial push");
    } else {
      report.fail("login", "no token: " + told(answer),
                  refused ? "is the password right?"
                          : "clients must be able to reach " + realm.origin.str());
    }
    return {};
  }
  const Json json = json_of(*answered);
  std::string token = text_of(json, "token");
  if (token.empty()) token = text_of(json, "access_token");
  if (token.empty()) {
    report.fail("login", "the token service gives an answer without a token",
                "is it one of the docker kind?");
  }
  return token;
}

/// Takes the challenge up.
Standing log_in(Visitor& visitor, const HttpAnswer& first, const std::optional<Login>& login,
                const std::string& repository, Report& report) {
  const auto challenge = challenge_of(first);
  if (!challenge) {
    report.fail("login", "401 with no challenge that a client can follow",
                "let what is in front pass WWW-Authenticate on");
    return Standing::kOutside;
  }
  if (challenge->scheme == "basic") {
    if (!login) {
      report.warn("login", "it asks for one", "give --user NAME for the trial push");
      return Standing::kOutside;
    }
    visitor.authorize(login->basic());
  } else {
    const auto realm = Url::parse(challenge->realm);
    if (!realm) {
      report.fail("token url", '`' + challenge->realm + "` is no URL", std::string(kForwarded));
      return Standing::kOutside;
    }
    if (!check_realm(visitor, *realm, report)) return Standing::kOutside;
    const std::string token = fetch_token(visitor, *challenge, *realm, login, repository, report);
    if (token.empty()) return Standing::kOutside;
    visitor.authorize("Bearer " + token);
  }
  const auto answer = visitor.ask({.target = "/v2/"});
  const auto* answered = std::get_if<HttpAnswer>(&answer);
  if (answered == nullptr || answered->status != 200) {
    report.fail("login", told(answer),
                "is the password right, and does Authorization come through what is in front?");
    return Standing::kOutside;
  }
  const std::string way = challenge->scheme == "basic" ? ", by password" : ", by token";
  report.ok("login", (login ? login->user : "as nobody") + way);
  return login ? Standing::kLoggedIn : Standing::kNobody;
}

/// The words of a page, with one blank between them.
std::string without_tags(std::string_view page) {
  std::string words;
  bool inside = false;
  for (const char c : page) {
    if (c == '<') inside = true;
    const bool blank = inside || static_cast<unsigned char>(c) <= ' ';
    if (!blank) words += c;
    if (blank && !words.empty() && words.back() != ' ') words += ' ';
    if (c == '>') inside = false;
  }
  while (words.ends_with(' '))
    words.pop_back();
  return words;
}

/// Whether an answer of the API is Shale's, and not one of what is in front.
bool of_registry(const Visitor::Answer& answer) {
  const auto* answered = std::get_if<HttpAnswer>(&answer);
  if (answered == nullptr) return false;
  const bool refused = answered->status == 401 || answered->status == 403;
  return (answered->status == 200 && json_of(*answered).is_object()) ||
         (refused && !answered->words().empty());
}

/// Whether what is in front keeps this from clients, as it should with all but /v2/ and /auth/.
bool withheld(const Visitor::Answer& answer) {
  const auto* answered = std::get_if<HttpAnswer>(&answer);
  return answered != nullptr && answered->words().empty() &&
         (answered->status == 401 || answered->status == 403 || answered->status == 404);
}

/// Which of its checks say that it is not ready.
std::string unready(const Visitor::Answer& answer) {
  const auto* answered = std::get_if<HttpAnswer>(&answer);
  if (answered == nullptr) return told(answer);
  const Json json = json_of(*answered);
  std::string all;
  if (json.is_object() && json.contains("checks") && json["checks"].is_array()) {
    for (const Json& check : json["checks"]) {
      if (!check.is_object() || check.value("ok", Json(true)) != Json(false)) continue;
      (all += all.empty() ? "" : ", ") += text_of(check, "name") + ": " + text_of(check, "detail");
    }
  }
  return all.empty() ? told(answer) : all;
}

std::string advice_for(int status, const HttpAnswer& answer) {
  if (status >= 300 && status < 400) {
    return "clients of registries follow no redirect here: use " + answer.field("Location");
  }
  if (status == 502 || status == 503 || status == 504) {
    return "is the server behind it running, and does the proxy know its address?";
  }
  return "is this a registry, and does what is in front pass /v2/ on as it stands?";
}

}  // namespace

std::string told(const Visitor::Answer& answer) {
  constexpr std::size_t kShown = 120;
  if (const auto* why = std::get_if<std::string>(&answer)) return *why;
  const auto& answered = std::get<HttpAnswer>(answer);
  std::string text = answered.words();
  if (text.empty()) text = without_tags(answered.body).substr(0, kShown);
  std::ranges::replace(text, '\n', ' ');
  return std::to_string(answered.status) + (text.empty() ? "" : ": " + text);
}

std::optional<Challenge> Challenge::parse(std::string_view field) {
  const auto blank = field.find(' ');
  if (blank == std::string_view::npos) return std::nullopt;
  Challenge challenge{
      .scheme = lower(std::string(field.substr(0, blank))), .realm = {}, .service = {}};
  field.remove_prefix(blank);
  while (true) {
    const auto begin = field.find_first_not_of(" ,");
    if (begin == std::string_view::npos) return challenge;
    field.remove_prefix(begin);
    const auto equals = field.find('=');
    if (equals == std::string_view::npos) return std::nullopt;
    const std::string name = lower(std::string(field.substr(0, equals)));
    field.remove_prefix(equals + 1);
    const bool quoted = field.starts_with('"');
    if (quoted) field.remove_prefix(1);
    std::string value;
    for (; !field.empty() && field.front() != (quoted ? '"' : ','); field.remove_prefix(1)) {
      if (quoted && field.front() == '\\' && field.size() > 1) field.remove_prefix(1);
      value += field.front();
    }
    if (quoted && field.empty()) return std::nullopt;
    if (quoted) field.remove_prefix(1);
    if (name == "realm") {
      challenge.realm = std::move(value);
    } else if (name == "service") {
      challenge.service = std::move(value);
    }
  }
}

Standing check_registry(Visitor& visitor, const Reach& reach, const std::optional<Login>& login,
                        const std::string& repository, Report& report) {
  const auto begun = std::chrono::steady_clock::now();
  const auto answer = visitor.ask({.target = "/v2/"});
  const auto taken = std::chrono::duration_cast<std::chrono::microseconds>(
      std::chrono::steady_clock::now() - begun);
  const auto now = std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
  const auto* answered = std::get_if<HttpAnswer>(&answer);
  if (answered == nullptr) {
    report.fail("registry", "/v2/ has no answer: " + told(answer),
                visitor.origin().tls ? "is this a registry?"
                                     : "does this port speak TLS? Then write https://");
    return Standing::kNoRegistry;
  }
  if (answered->status != 200 && answered->status != 401) {
    report.fail("registry", "/v2/ answers " + told(answer),
                advice_for(answered->status, *answered));
    return Standing::kNoRegistry;
  }
  report.ok("registry",
            "/v2/ answers " + std::to_string(answered->status) + " in " + time_text(taken));
  check_clock(answered->field("Date"), now, report);
  if (!reach.trusted && (login || answered->status == 401)) {
    report.warn("login", "not tried",
                "a password or token is not sent to whose certificate is not good");
    return answered->status == 401 ? Standing::kOutside : Standing::kNobody;
  }
  if (answered->status == 401) return log_in(visitor, *answered, login, repository, report);
  if (!login) {
    report.ok("login", "not asked for");
    return Standing::kNobody;
  }
  visitor.authorize(login->basic());
  report.ok("login", "not asked for; " + login->user + " by password");
  return Standing::kLoggedIn;
}

bool judge_version(const Visitor::Answer& status, const Visitor::Answer& older, Report& report) {
  if (!of_registry(status) && !of_registry(older)) {
    if (withheld(status)) {
      report.ok("version", "not shown to clients");
      return true;
    }
    report.warn("version", "no Shale, or one whose /api/ does not come through",
                "have what is in front pass /api/ on as it stands, or refuse it");
    return false;
  }
  std::string version;
  if (of_registry(status)) version = text_of(json_of(std::get<HttpAnswer>(status)), "version");
  report.ok("version",
            version.empty() ? "Shale; it tells administrators which one" : "Shale " + version);
  return true;
}

void judge_ready(const Visitor::Answer& ready, Report& report) {
  const auto* answered = std::get_if<HttpAnswer>(&ready);
  if (withheld(ready)) {
    report.ok("ready", "not shown to clients");
  } else if (answered != nullptr && answered->status == 404) {
    report.ok("ready", "an older one, which does not say");
  } else if (answered != nullptr && answered->fine()) {
    report.ok("ready", "yes");
  } else {
    report.fail("ready", unready(ready), "put that right: nobody is sent there until it is");
  }
}

void check_version(const Visitor& visitor, Report& report) {
  const auto status = visitor.ask({.target = "/api/v1/status"});
  // One that a server of any age has.
  const auto older = visitor.ask({.target = "/api/v1/gc"});
  if (judge_version(status, older, report)) judge_ready(visitor.ask({.target = "/readyz"}), report);
}

}  // namespace shale::cli::doctor

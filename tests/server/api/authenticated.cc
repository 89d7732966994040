#include "tests/server/api/authenticated.h"

#include <algorithm>
#include <array>
#include <sstream>
#include <vector>

#include <doctest/doctest.h>

#include "auth/policy_compiler.h"
#include "tests/support/bytes.h"

namespace shale::testing {
namespace {

const std::string kIndexType = "application/vnd.oci.image.index.v1+json";

constexpr std::array<std::string_view, 6> kUsers = {"alice", "bob", "carol", "olga", "pat", "ci"};

std::vector<auth::PolicyWord> words(std::string_view text) {
  std::istringstream stream{std::string(text)};
  std::vector<auth::PolicyWord> all;
  for (std::string word; stream >> word;)
    all.push_back({word, 1});
  return all;
}

std::shared_ptr<const auth::AccessPolicy> policy_of(std::initializer_list<Allow> rules) {
  auth::PolicyText text;
  for (const Allow& rule : rules) {
    text.rules.push_back({.effect = auth::Rule::Effect::kAllow,
                          .actions = words(rule.actions),
                          .subjects = words(rule.subjects),
                          .repositories = words(rule.repositories),
                          .line = text.rules.size() + 1});
  }
  auto compiled = auth::compile_policy(text);
  REQUIRE(std::holds_alternative<auth::CompiledPolicy>(compiled));
  return std::make_shared<const auth::AccessPolicy>(
      std::get<auth::CompiledPolicy>(std::move(compiled)).policy);
}

std::string base64(std::string_view bytes) {
  constexpr std::string_view kAlphabet =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string text;
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    std::uint32_t bits = 0;
    for (std::size_t k = 0; k < 3; ++k) {
      bits = bits << 8 | (i + k < bytes.size() ? static_cast<unsigned char>(bytes[i + k]) : 0);
    }
    for (std::size_t k = 0; k < 4; ++k) {
      text += i + k > bytes.size() ? '=' : kAlphabet[(bits >> (18 - 6 * k)) & 63];
    }
  }
  return text;
}

class RobotsInMemory final : public auth::RobotStore {
 public:
  std::variant<std::vector<auth::Robot>, std::string> load() override { return robots_; }
  std::optional<std::string> save(const std::vector<auth::Robot>& robots) override {
    robots_ = robots;
    return std::nullopt;
  }

 private:
  std::vector<auth::Robot> robots_;
};

std::unique_ptr<auth::RobotAccounts> robots_in_memory(const Clock& clock) {
  auto opened = auth::RobotAccounts::open(std::make_unique<RobotsInMemory>(),
                                          [&clock] { return clock.now(); });
  return std::get<std::unique_ptr<auth::RobotAccounts>>(std::move(opened));
}

}  // namespace

auth::Outcome FewUsers::authenticate(const auth::PasswordClaim& claim) {
  ++asked;
  if (broken) return auth::SourceFailed{"the directory is away"};
  if (robots != nullptr && claim.user.starts_with(auth::kRobotPrefix)) {
    return robots->authenticate(claim);
  }
  if (std::ranges::find(kUsers, claim.user) == kUsers.end()) return auth::Unknown{};
  if (claim.password != claim.user + "-secret") return auth::Rejected{};
  const auto kind = claim.user == "ci" ? auth::Identity::Kind::kRobot : auth::Identity::Kind::kUser;
  return auth::Accepted{std::get<auth::IdentityPtr>(identity_of(kind, claim.user))};
}

auth::LookUp FewUsers::identity_of(auth::Identity::Kind kind, const std::string& name) const {
  if (broken) return auth::SourceFailed{"the directory is away"};
  if (robots != nullptr) {
    auto found = robots->identity_of(kind, name);
    if (!std::holds_alternative<auth::Unknown>(found)) return found;
  }
  if (std::ranges::find(kUsers, name) == kUsers.end()) return auth::Unknown{};
  return std::make_shared<const auth::Identity>(
      auth::Identity{.kind = kind, .name = name, .groups = {}, .stamp = std::to_string(version)});
}

Gatekeeping::Gatekeeping(std::initializer_list<Allow> rules, api::Guard::Challenge challenge,
                         const api::Audit* audit)
    : robots(robots_in_memory(clock)),
      tokens(users, auth::SigningKey::make(), {}),
      guard(login, tokens, *robots, clock,
            {.realm = "Shale",
             .challenge = challenge,
             .audit = audit,
             .count_login =
                 [this](std::string_view source, std::string_view outcome) {
                   ++(*counted_.lock())[std::string(source) + ' ' + std::string(outcome)];
                 }},
            policy_of(rules)) {
  users.robots = robots.get();
}

Gatekeeping::Gatekeeping(std::optional<std::initializer_list<Allow>> rules,
                         std::unique_ptr<auth::ExternalTokens> external, bool issues_tokens)
    : robots(robots_in_memory(clock)),
      tokens(users,
             {std::make_shared<auth::KeyRing>(auth::SigningKey::make()),
              std::make_unique<auth::Revocations>(), std::move(external)},
             {}),
      guard(login, tokens, *robots, clock,
            {.realm = "Shale",
             .challenge = api::Guard::Challenge::kAuto,
             .audit = nullptr,
             .external =
                 api::Guard::Settings::External{
                     .realm = "https://auth.test/token",
                     .service = "registry",
                     .policy = rules ? nullptr
                                     : std::make_shared<const auth::AccessPolicy>(
                                           auth::AccessPolicy::for_everybody())},
             .issues_tokens = issues_tokens},
            rules ? policy_of(*rules)
                  : std::make_shared<const auth::AccessPolicy>(
                        auth::AccessPolicy::for_everybody_known())) {
  users.robots = robots.get();
}

std::initializer_list<Allow> team_rules() {
  static const std::initializer_list<Allow> rules = {
      {"user:alice", "team-a/**", "pull push overwrite delete"},
      {"user:bob", "team-a/**", "pull"},
      {"user:pat", "team-a/**", "pull push"},
      {"user:olga", "**", "pull push overwrite delete admin"},
      {"user:alice", "team-a/**", "admin"},
      {"anonymous authenticated", "public/**", "pull"},
  };
  return rules;
}

std::string authorized(std::string_view value, std::string_view request) {
  std::string text(request);
  text.insert(text.find("\r\n") + 2, "Authorization: " + std::string(value) + "\r\n");
  return text;
}

std::string basic(std::string_view user, std::string_view password) {
  return "Basic " + base64(std::string(user) + ':' + std::string(password));
}

std::string as(std::string_view user, std::string_view request) {
  return authorized(basic(user, std::string(user) + "-secret"), request);
}

Digest push_blob_as(Client& api, std::string_view user, std::string_view repository,
                    std::string_view content) {
  const Digest digest = digest_of(content);
  const std::string target =
      "/v2/" + std::string(repository) + "/blobs/uploads/?digest=" + digest.str();
  REQUIRE(api.ask(as(user, sized("POST", target, content))).status == 201);
  return digest;
}

Digest push_image_as(Client& api, std::string_view user, std::string_view repository,
                     std::string_view tag, std::string_view seed) {
  const std::string body = R"({"schemaVersion":2,"mediaType":")" + kIndexType +
                           R"(","manifests":[],"annotations":{"seed":")" + std::string(seed) +
                           "\"}}";
  const auto answer = api.ask(
      as(user, sized("PUT", manifest_url(repository, tag), body, {"Content-Type: " + kIndexType})));
  REQUIRE(answer.status == 201);
  return digest_of(body);
}

}  // namespace shale::testing

#include "server/cli/access_commands.h"

#include <map>
#include <ostream>
#include <variant>

#include "auth/file_edit.h"
#include "auth/files.h"
#include "auth/htpasswd.h"
#include "auth/password_hash.h"
#include "auth/secrets.h"
#include "auth/text.h"
#include "server/cli/policy.h"

namespace shale::cli {
namespace {

int fail(const Surroundings& surroundings, const std::string& what) {
  surroundings.err << "shale: " << what << '\n';
  return kFailure;
}

std::optional<auth::Identity> parse_who(const std::string& who) {
  using Kind = auth::Identity::Kind;
  if (who == "anonymous") return auth::Identity{};
  const bool robot = who.starts_with("robot:");
  std::string name = robot ? who.substr(6) : who.starts_with("user:") ? who.substr(5) : who;
  if (!auth::is_account_name(name)) return std::nullopt;
  return auth::Identity{
      .kind = robot ? Kind::kRobot : Kind::kUser, .name = std::move(name), .groups = {}};
}

template <class Items, class Text>
std::string joined(const Items& items, Text text) {
  std::string all;
  for (const auto& item : items)
    (all += all.empty() ? "" : ", ") += std::string(text(item));
  return all;
}

/// A rule in the words of its file.
std::string describe(const auth::Rule& rule) {
  const bool allows = rule.effect == auth::Rule::Effect::kAllow;
  return std::string(allows ? "allow: [" : "deny: [") +
         joined(rule.actions, [](auth::Action a) { return auth::action_name(a); }) +
         "]  subjects: [" + joined(rule.subjects, [](const auth::Subject& s) { return s.str(); }) +
         "]  repositories: [" +
         joined(rule.repositories, [](const auth::RepositoryPattern& p) { return p.str(); }) + ']';
}

}  // namespace

int add_user(const std::string& file, const std::string& name, const Surroundings& surroundings) {
  if (!auth::is_account_name(name)) {
    return fail(surroundings, "`" + name + "` cannot name a user: write 1 to 128 characters " +
                                  "without colon, comma and control characters");
  }
  if (auth::is_reserved_name(name)) {
    return fail(surroundings, "`" + name + "` cannot name a user: anonymous, authenticated and " +
                                  "what begins with robot+ mean others");
  }
  if (name.starts_with('#')) {
    return fail(surroundings, "`" + name + "` cannot name a user: the line would be a comment");
  }
  auto password = surroundings.ask_password("Password for " + name);
  if (!password) return fail(surroundings, "no password came, or two that differ");
  const auto hash = auth::hash_password(*password);
  auth::wipe(*password);
  if (!hash) {
    return fail(surroundings,
                "the password is empty, or longer than the 72 bytes that bcrypt sees");
  }
  const auto fault = auth::edit_file(
      file, [&](const std::string& text) { return auth::with_user(text, name, *hash); });
  if (fault) return fail(surroundings, *fault);
  surroundings.err << "set the password of " << name << " in " << file << '\n';
  return kOk;
}

int remove_user(const std::string& file, const std::string& name,
                const Surroundings& surroundings) {
  const auto content = auth::read_file(file);
  if (!content) return fail(surroundings, "cannot read " + file);
  if (auth::without_user(content->text, name) == auth::without_user(content->text, "")) {
    return fail(surroundings, "there is no user " + name + " in " + file);
  }
  const auto fault = auth::edit_file(
      file, [&](const std::string& before) { return auth::without_user(before, name); });
  if (fault) return fail(surroundings, *fault);
  surroundings.err << "removed " << name << " from " << file << '\n';
  return kOk;
}

int list_users(const std::string& file, const Surroundings& surroundings) {
  const auto content = auth::read_file(file);
  if (!content) return fail(surroundings, "cannot read " + file);
  const auth::Htpasswd parsed = auth::parse_htpasswd(content->text);
  for (const auto& [name, hash] : std::map(parsed.users.begin(), parsed.users.end()))
    surroundings.out << name << '\n';
  for (const auth::HtpasswdProblem& problem : parsed.problems)
    surroundings.err << file << ':' << problem.line << ": " << problem.what << '\n';
  return kOk;
}

int test_policy(const std::string& file, const PolicyQuestion& question,
                const Surroundings& surroundings) {
  const auto loaded = load_policy(file);
  if (const auto* errors = std::get_if<std::vector<std::string>>(&loaded)) {
    for (const std::string& error : *errors)
      surroundings.err << error << '\n';
    return kUsage;
  }
  const auto& good = std::get<LoadedPolicy>(loaded);
  for (const std::string& warning : good.warnings)
    surroundings.err << "warning: " << warning << '\n';
  const auto who = parse_who(question.who);
  const auto action = auth::parse_action(question.action);
  if (!who || !action) {
    surroundings.err << "shale: --as takes a user, robot:NAME or anonymous, and actions are pull, "
                        "push, overwrite, delete and admin\n";
    return kUsage;
  }
  const auth::Decision decision = good.policy->decide(*who, question.repository, *action);
  surroundings.out << (decision.allowed ? "allowed" : "denied") << ": " << decision.str();
  if (decision.rule > 0) {
    surroundings.out << ": " << describe(good.policy->rules()[decision.rule - 1]);
  }
  surroundings.out << '\n';
  return decision.allowed ? kOk : kFailure;
}

}  // namespace shale::cli

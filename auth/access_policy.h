#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "auth/identity.h"
#include "auth/permission.h"
#include "auth/repository_pattern.h"

namespace shale::auth {

/// Whom a rule is about.
struct Subject {
  enum class Kind : std::uint8_t { kUser, kGroup, kRobot, kAnonymous, kAuthenticated };
  Kind kind = Kind::kAnonymous;
  std::string name;  ///< of a user, group or robot

  std::string str() const;
  bool operator==(const Subject&) const = default;
};

struct Rule {
  enum class Effect : std::uint8_t { kAllow, kDeny };
  Effect effect = Effect::kDeny;
  std::vector<Subject> subjects;
  std::vector<RepositoryPattern> repositories;
  std::set<Action> actions;
  std::size_t line = 0;  ///< in the policy file; 0: it has none
};

/// What was decided, and by what.
struct Decision {
  enum class By : std::uint8_t {
    kNothing,      ///< no rule matches, which denies
    kRule,         ///< the first rule that matches
    kPermissions,  ///< those of a robot: it has the right and no rule takes it, or has it not
    kOperator,     ///< may do everything
  };
  bool allowed = false;
  By by = By::kNothing;
  std::size_t rule = 0;  ///< from 1, for `kRule`
  std::size_t line = 0;  ///< of that rule

  std::string str() const;
};

/// Who may do what: ordered rules, of which the first that matches decides; what no
/// rule matches is denied. Whoever has permissions of their own needs no rule that
/// allows, but one that denies counts, and nothing beyond the permissions is allowed.
/// A value that never changes: thread-safe.
class AccessPolicy {
 public:
  /// The users (`alice`) and robots (`robot:ci`) of each group.
  using Groups = std::map<std::string, std::set<std::string>, std::less<>>;

  AccessPolicy() = default;
  AccessPolicy(std::vector<Rule> rules, Groups groups)
      : rules_(std::move(rules)), groups_(std::move(groups)) {}
  /// Without a policy file: whoever is logged in may do everything but `kAdmin`.
  static AccessPolicy for_everybody_known();
  /// Where something else decides: everybody may do everything but `kAdmin`.
  static AccessPolicy for_everybody();

  Decision decide(const Identity& who, std::string_view repository, Action action) const;
  bool allows(const Identity& who, std::string_view repository, Action action) const {
    return decide(who, repository, action).allowed;
  }
  /// Whether some repository could exist where they may do that.
  bool allows_somewhere(const Identity& who, Action action) const;

  /// Whether they are known to be allowed that in every repository that `where` matches.
  /// False may also mean that it is hard to say.
  bool allows_throughout(const Identity& who, const RepositoryPattern& where, Action action) const;

  const std::vector<Rule>& rules() const noexcept { return rules_; }
  const Groups& groups() const noexcept { return groups_; }

 private:
  Decision first_match(const Identity& who, std::string_view repository, Action action) const;
  bool concerns(const Subject& subject, const Identity& who) const;
  bool concerns(const Rule& rule, const Identity& who) const;
  bool is_member(const std::string& group, const Identity& who) const;

  std::vector<Rule> rules_;
  Groups groups_;
};

}  // namespace shale::auth

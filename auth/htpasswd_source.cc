#include "auth/htpasswd_source.h"

#include <cerrno>
#include <cstring>
#include <utility>

#include "auth/base64.h"
#include "auth/files.h"
#include "auth/password_hash.h"
#include "auth/secrets.h"
#include "auth/text.h"

namespace shale::auth {
namespace {

/// Of a password hash: what nobody can turn back, and as long as it needs to be.
std::string stamp(const std::string& hash) {
  return encode_base64url(sha256(hash).substr(0, 12));
}

IdentityPtr identity(const std::string& name, const std::string& hash) {
  return std::make_shared<const Identity>(
      Identity{.kind = Identity::Kind::kUser, .name = name, .groups = {}, .stamp = stamp(hash)});
}

}  // namespace

HtpasswdSource::HtpasswdSource(std::string path, Report report)
    : path_(std::move(path)), report_(std::move(report)) {
  refresh();
}

Outcome HtpasswdSource::authenticate(const PasswordClaim& claim) {
  std::shared_ptr<const Users> users;
  {
    const auto state = state_.lock();
    if (!state->users) return SourceFailed{state->fault};
    users = state->users;
  }
  const auto found = users->file.users.find(claim.user);
  const bool known = found != users->file.users.end();
  const std::string& hash = known ? found->second : users->decoys.of(claim.user);
  const bool matches = password_matches(hash, claim.password);
  if (!known) return Unknown{};
  if (!matches) return Rejected{};
  return Accepted{identity(claim.user, found->second)};
}

LookUp HtpasswdSource::identity_of(Identity::Kind kind, const std::string& name) const {
  if (kind != Identity::Kind::kUser) return Unknown{};
  const auto state = state_.lock();
  if (!state->users) return SourceFailed{state->fault};
  const auto found = state->users->file.users.find(name);
  if (found == state->users->file.users.end()) return Unknown{};
  return identity(name, found->second);
}

void HtpasswdSource::refresh() {
  const auto state = state_.lock();
  if (state->users && state->stamp == auth::stamp_of(path_)) return;
  const std::string told = state->fault;
  const auto wrong = read(*state);
  // A fault is told once, not each time that it is met again.
  if (!state->fault.empty() && state->fault == told) return;
  for (const std::string& what : wrong)
    report_(what);
}

HtpasswdSource::Reloaded HtpasswdSource::reload() {
  const auto state = state_.lock();
  auto wrong = read(*state);
  return {.usable = state->users != nullptr, .wrong = std::move(wrong)};
}

/// What is wrong with the file.
std::vector<std::string> HtpasswdSource::read(State& state) {
  const auto file = read_file(path_);
  if (!file) {
    // NOLINTNEXTLINE(concurrency-mt-unsafe): strerror of glibc is safe for known errors
    replace(state, {}, nullptr, "cannot read " + path_ + ": " + std::strerror(errno));
    return {state.fault};
  }
  Htpasswd parsed = parse_htpasswd(file->text);
  std::vector<std::string> wrong;
  wrong.reserve(parsed.problems.size());
  for (const HtpasswdProblem& problem : parsed.problems)
    wrong.push_back(path_ + ':' + std::to_string(problem.line) + ": " + problem.what);
  Decoys decoys(parsed, decoy_key_);
  replace(state, file->stamp,
          std::make_shared<const Users>(Users{std::move(parsed), std::move(decoys)}), {});
  return wrong;
}

void HtpasswdSource::replace(State& state, FileStamp stamp, std::shared_ptr<const Users> users,
                             std::string fault) {
  if (users || state.users) generation_.fetch_add(1);
  state = {.stamp = stamp, .users = std::move(users), .fault = std::move(fault)};
}

}  // namespace shale::auth

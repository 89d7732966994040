#include "auth/htpasswd.h"

#include <fstream>

#include <doctest/doctest.h>

#include "auth/htpasswd_source.h"
#include "auth/password_hash.h"
#include "tests/auth/hashes.h"
#include "tests/support/temporary_directory.h"

namespace shale::auth {
namespace {

using std::string;

TEST_CASE("PasswordHash: every form that is kept here is checked") {
  for (const char* hash : {kBcryptA, kBcryptB, kBcryptY, kSha512, kYescrypt}) {
    CAPTURE(hash);
    CHECK(is_password_hash(hash));
    CHECK(password_matches(hash, "secret"));
    CHECK_FALSE(password_matches(hash, "Secret"));
    CHECK_FALSE(password_matches(hash, ""));
    CHECK_FALSE(password_matches(hash, string("secret\0", 7)));
    CHECK_FALSE(password_matches(hash, string(100'000, 's')));
  }
}

TEST_CASE("PasswordHash: a hash that is cut, extended or of another kind is none") {
  for (const string hash : {kBcryptY, kSha512, kYescrypt}) {
    for (std::size_t length = 0; length < hash.size(); ++length) {
      CHECK_FALSE(is_password_hash(hash.substr(0, length)));
    }
    CHECK_FALSE(is_password_hash(hash + "x"));
    CHECK_FALSE(is_password_hash(hash + "\n"));
  }
  for (const char* other : {"", "secret", "$apr1$x$y", "{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ=",
                            "$1$a$b", "$5$a$b", "$2x$04$abcdefghijklmnopqrstuu", "*0"}) {
    CHECK_FALSE(is_password_hash(other));
  }
}

TEST_CASE("PasswordHash: a hash that would cost too much is none") {
  const auto bcrypt = [](const string& cost) { return string(kBcryptY).replace(4, 2, cost); };
  CHECK(is_password_hash(bcrypt("16")));
  for (const char* cost : {"00", "03", "17", "31", "99", "0:", "/9", "+9", "-9", " 9", "1.", "a0"})
    CHECK_FALSE(is_password_hash(bcrypt(cost)));

  const string tail = string(kSha512).substr(string("$6$rounds=1000").size());
  CHECK(is_password_hash("$6$rounds=1000000" + tail));
  CHECK(is_password_hash("$6" + tail));
  for (const char* rounds : {"1000001", "999999999", "4294967296", "99999999999999999999", "", "-1",
                             "+1000", "0x10", "1000.", "abc"})
    CHECK_FALSE(is_password_hash("$6$rounds=" + string(rounds) + tail));
  CHECK_FALSE(is_password_hash("$6$rounds=5000" + tail.substr(tail.rfind('$'))));

  const string rest = string(kYescrypt).substr(string("$y$j75").size());
  // 16 MiB and 256 MiB are what the tools' costs of 5 and 9 take.
  for (const char* parameters : {"j9T", "jDT", "j75"})
    CHECK(is_password_hash("$y$" + string(parameters) + rest));
  for (const char* parameters : {"jET", "jFT", "jDU", "jjj", "jzT", "jDz", "j.", "j", "", "j9T/",
                                 "kzzzz", "/9T", "j9T0//////", "jzzzz"})
    CHECK_FALSE(is_password_hash("$y$" + string(parameters) + rest));
}

TEST_CASE("Htpasswd: a line that would cost too much is named and skipped") {
  const Htpasswd parsed =
      parse_htpasswd("eve:" + string(kBcryptY).replace(4, 2, "31") + "\nalice:" + kBcryptY + "\n");
  CHECK(parsed.users.size() == 1);
  CHECK(parsed.users.contains("alice"));
  REQUIRE(parsed.problems.size() == 1);
  CHECK(parsed.problems[0].line == 1);
  CHECK(parsed.problems[0].what.starts_with("the password of eve is hashed at a cost"));
  CHECK(parsed.problems[0].what.find("is no bcrypt") == string::npos);
}

TEST_CASE("PasswordHash: what is whole and costs too much is told from what is no hash") {
  const string sha = string(kSha512).substr(string("$6$rounds=1000").size());
  const string yescrypt = string(kYescrypt).substr(string("$y$j75").size());
  CHECK(form_of_hash(string(kBcryptY).replace(4, 2, "17")) == HashForm::kTooCostly);
  CHECK(form_of_hash(string(kBcryptY).replace(4, 2, "32")) == HashForm::kUnknown);
  CHECK(form_of_hash("$6$rounds=1000001" + sha) == HashForm::kTooCostly);
  CHECK(form_of_hash("$6$rounds=x" + sha) == HashForm::kUnknown);
  CHECK(form_of_hash("$y$jET" + yescrypt) == HashForm::kTooCostly);
  CHECK(form_of_hash("$y$jz" + yescrypt) == HashForm::kUnknown);
}

TEST_CASE("PasswordHash: a new hash is the password's and no other's") {
  const auto hash = hash_password("pass phrase");
  REQUIRE(hash);
  CHECK(is_password_hash(*hash));
  CHECK(password_matches(*hash, "pass phrase"));
  CHECK_FALSE(password_matches(*hash, "pass phrases"));
  CHECK(hash_password("pass phrase") != hash);
  CHECK_FALSE(hash_password(""));
  CHECK_FALSE(hash_password(string("a\0b", 3)));
  CHECK_FALSE(hash_password(string(73, 'a')));
}

TEST_CASE("Htpasswd: lines, comments and line ends") {
  const Htpasswd parsed =
      parse_htpasswd("# users\n\nalice:" + string(kBcryptY) + "\r\n  \nbob:" + kSha512 + ":Bob");
  CHECK(parsed.problems.empty());
  CHECK(parsed.users.size() == 2);
  CHECK(parsed.users.at("alice") == kBcryptY);
  CHECK(parsed.users.at("bob") == kSha512);
}

TEST_CASE("Htpasswd: a line that cannot be used is named and skipped") {
  const Htpasswd parsed =
      parse_htpasswd("alice\n:" + string(kBcryptY) + "\nbob:$apr1$x$y\nc\x01:" + kBcryptY +
                     "\ndave:" + kBcryptY + "\ndave:" + kSha512 + "\neve:secret\n");
  CHECK(parsed.users.size() == 1);
  CHECK(parsed.users.at("dave") == kBcryptY);
  std::vector<std::size_t> lines;
  for (const HtpasswdProblem& problem : parsed.problems) {
    lines.push_back(problem.line);
    CHECK(problem.what.find("secret") == string::npos);
  }
  CHECK(lines == std::vector<std::size_t>{1, 2, 3, 4, 6, 7});
}

TEST_CASE("Htpasswd: a name that stands for somebody else is named and skipped") {
  string text;
  for (const char* name :
       {"anonymous", "authenticated", "robot+", "robot+ci", "Anonymous", "robot"})
    (((text += name) += ':') += kBcryptY) += '\n';
  const Htpasswd parsed = parse_htpasswd(text);
  CHECK(parsed.users.size() == 2);
  CHECK(parsed.users.contains("Anonymous"));
  CHECK(parsed.users.contains("robot"));
  REQUIRE(parsed.problems.size() == 4);
  CHECK(parsed.problems[0].what.starts_with("no user may be called anonymous:"));
  CHECK(parsed.problems[3].line == 4);
  CHECK(parsed.problems[3].what.starts_with("no user may be called robot+ci:"));
}

TEST_CASE("Htpasswd: adding and removing leaves every other line alone") {
  const string text = "# mine\nalice:a\nbroken\nbob:b";
  CHECK(with_user(text, "alice", "x") == "# mine\nalice:x\nbroken\nbob:b\n");
  CHECK(with_user(text, "carol", "x") == "# mine\nalice:a\nbroken\nbob:b\ncarol:x\n");
  CHECK(with_user("a:1\na:2\n", "a", "x") == "a:x\n");
  CHECK(without_user(text, "bob") == "# mine\nalice:a\nbroken\n");
  CHECK(without_user(text, "bo") == "# mine\nalice:a\nbroken\nbob:b\n");
}

void write(const std::filesystem::path& path, const string& text) {
  std::ofstream file(path, std::ios::binary);
  file << text;
  REQUIRE(file.flush());
}

TEST_CASE("HtpasswdSource: says who it is, and reads the file again when it has changed") {
  const testing::TemporaryDirectory directory;
  const auto path = directory / "htpasswd";
  write(path, "alice:" + string(kBcryptY) + "\n");
  std::vector<string> reports;
  HtpasswdSource source(path, [&](const string& what) { reports.push_back(what); });

  auto outcome = source.authenticate({"alice", "secret"});
  REQUIRE(std::holds_alternative<Accepted>(outcome));
  CHECK(std::get<Accepted>(outcome).identity->name == "alice");
  CHECK(std::get<Accepted>(outcome).identity->kind == Identity::Kind::kUser);
  CHECK(std::holds_alternative<Rejected>(source.authenticate({"alice", "wrong"})));
  CHECK(std::holds_alternative<Unknown>(source.authenticate({"bob", "secret"})));

  const auto generation = source.generation();
  source.refresh();
  CHECK(source.generation() == generation);
  write(path, "bob:" + string(kSha512) + "\nbroken\n");
  source.refresh();
  CHECK(source.generation() != generation);
  CHECK(std::holds_alternative<Unknown>(source.authenticate({"alice", "secret"})));
  CHECK(std::holds_alternative<Accepted>(source.authenticate({"bob", "secret"})));
  REQUIRE(reports.size() == 1);
  CHECK(reports.front() == path.string() + ":2: there is no colon: write NAME:HASH");
}

TEST_CASE("HtpasswdSource: a directory where the file was is a failure, until it is a file again") {
  const testing::TemporaryDirectory directory;
  const string path = (directory / "users").string();
  const auto write = [&] { std::ofstream(path) << "alice:" << kBcryptY << '\n'; };
  write();
  HtpasswdSource source(path, [](const string&) {});
  CHECK(std::holds_alternative<IdentityPtr>(source.identity_of(Identity::Kind::kUser, "alice")));
  std::filesystem::remove(path);
  std::filesystem::create_directory(path);
  source.refresh();
  CHECK(std::holds_alternative<SourceFailed>(source.identity_of(Identity::Kind::kUser, "alice")));
  std::filesystem::remove(path);
  write();
  source.refresh();
  CHECK(std::holds_alternative<IdentityPtr>(source.identity_of(Identity::Kind::kUser, "alice")));
}

TEST_CASE("HtpasswdSource: a file that cannot be read lets nobody in and says so once") {
  const testing::TemporaryDirectory directory;
  const auto path = directory / "htpasswd";
  std::vector<string> reports;
  HtpasswdSource source(path, [&](const string& what) { reports.push_back(what); });
  source.refresh();
  CHECK(reports.size() == 1);
  CHECK(std::holds_alternative<SourceFailed>(source.authenticate({"alice", "secret"})));
  write(path, "alice:" + string(kBcryptY) + "\n");
  source.refresh();
  CHECK(std::holds_alternative<Accepted>(source.authenticate({"alice", "secret"})));
  std::filesystem::remove(path);
  source.refresh();
  CHECK(std::holds_alternative<SourceFailed>(source.authenticate({"alice", "secret"})));
  CHECK(reports.size() == 2);
}

}  // namespace
}  // namespace shale::auth

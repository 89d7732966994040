#include "auth/revocations.h"

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <filesystem>
#include <memory>
#include <string_view>
#include <system_error>
#include <vector>

#include "auth/files.h"

namespace shale::auth {
namespace {

using std::chrono::seconds;

constexpr std::string_view kFirstLine = "shale-revoked-tokens 1";

std::int64_t seconds_of(Time time) {
  return std::chrono::floor<seconds>(time.time_since_epoch()).count();
}

/// Takes the first word off; empty when there is none.
std::string_view take_word(std::string_view& line) {
  const auto end = std::min(line.find(' '), line.size());
  const auto word = line.substr(0, end);
  line.remove_prefix(std::min(end + 1, line.size()));
  return word;
}

std::optional<Time> time_of(std::string_view word) {
  std::int64_t since = 0;
  const char* const begin = std::to_address(word.begin());
  const char* const end = begin + word.size();
  const auto read = std::from_chars(begin, end, since);
  constexpr std::int64_t kLatest = 253'402'300'799;  // the year 9999
  if (read.ec != std::errc() || read.ptr != end || since < 0 || since > kLatest) {
    return std::nullopt;
  }
  return Time(seconds(since));
}

std::optional<Identity::Kind> kind_of(std::string_view word) {
  for (const auto kind : {Identity::Kind::kUser, Identity::Kind::kRobot}) {
    if (kind_name(kind) == word) return kind;
  }
  return std::nullopt;
}

}  // namespace

std::variant<std::unique_ptr<Revocations>, std::string> Revocations::open(std::string path,
                                                                          Options options) {
  std::unique_ptr<Revocations> list(new Revocations(std::move(path), options));
  std::error_code failed;
  if (!std::filesystem::exists(std::filesystem::symlink_status(list->path_, failed))) return list;
  auto read = read_private_file(list->path_);
  if (auto* fault = std::get_if<FileFault>(&read)) return std::move(fault->why);
  auto table = parse(std::get<FileContent>(read).text);
  if (!table) {
    return list->path_ + " is no list of revoked tokens, or was cut off: without it, tokens that " +
           "were revoked count again until they expire";
  }
  *list->table_.lock() = *std::move(table);
  return list;
}

std::optional<Revocations::Failed> Revocations::revoke(const Identity& bearer,
                                                       const std::string& token, Time until,
                                                       Time now) {
  return change(now, [&](Table& table) {
    Entries& entries = table[{bearer.kind, bearer.name}];
    if (entries.tokens.size() < options_.most_of_each) {
      entries.tokens[token] = until;
      return;
    }
    // Whoever revokes so many has lost count, and means them all.
    entries = {.before = Before{now, now + options_.longest_token}, .tokens = {}};
  });
}

std::optional<Revocations::Failed> Revocations::revoke_all(const Identity& bearer, Time now) {
  return change(now, [&](Table& table) {
    table[{bearer.kind, bearer.name}] = {.before = Before{now, now + options_.longest_token},
                                         .tokens = {}};
  });
}

/// Writes what `apply` makes of the table before it counts.
template <class Change>
std::optional<Revocations::Failed> Revocations::change(Time now, Change apply) {
  const auto turn = writer_.lock();
  Table next = *table_.lock();
  forget_expired(next, now);
  apply(next);
  std::size_t size = 0;
  for (const auto& [bearer, entries] : next)
    size += entries.tokens.size() + 1;
  if (size > options_.most) return Failed{"too many tokens are revoked already"};
  if (!path_.empty()) {
    if (auto fault = write_private_file(path_, format(next))) return Failed{std::move(fault->why)};
  }
  *table_.lock() = std::move(next);
  generation_.fetch_add(1);
  return std::nullopt;
}

bool Revocations::revoked(const Identity& bearer, const std::string& token, Time issued) const {
  const auto table = table_.lock();
  const auto found = table->find({bearer.kind, bearer.name});
  if (found == table->end()) return false;
  const Entries& entries = found->second;
  if (entries.before && seconds_of(issued) <= seconds_of(entries.before->second)) return true;
  return entries.tokens.contains(token);
}

std::optional<Time> Revocations::all_before(const Identity& bearer) const {
  const auto table = table_.lock();
  const auto found = table->find({bearer.kind, bearer.name});
  if (found == table->end()) return std::nullopt;
  const auto& before = found->second.before;
  return before ? std::optional<Time>(std::chrono::floor<seconds>(before->second)) : std::nullopt;
}

void Revocations::forget_expired(Table& table, Time now) {
  for (auto& [bearer, entries] : table) {
    if (entries.before && now >= entries.before->until) entries.before.reset();
    std::erase_if(entries.tokens, [&](const auto& token) { return now >= token.second; });
  }
  std::erase_if(
      table, [](const auto& entry) { return !entry.second.before && entry.second.tokens.empty(); });
}

/// A line for each: `all SECOND UNTIL KIND NAME` and `token ID UNTIL KIND NAME`, and a last
/// one that tells a whole file from one that was cut off.
std::string Revocations::format(const Table& table) {
  std::string text = std::string(kFirstLine) + '\n';
  const auto until = [](Time time) { return std::to_string(seconds_of(time) + 1); };
  for (const auto& [bearer, entries] : table) {
    const std::string who = std::string(kind_name(bearer.first)) + ' ' + bearer.second + '\n';
    if (entries.before) {
      text += "all " + std::to_string(seconds_of(entries.before->second)) + ' ' +
              until(entries.before->until) + ' ' + who;
    }
    for (const auto& [id, end] : entries.tokens)
      ((((text += "token ") += id) += ' ') += until(end)) += ' ' + who;
  }
  return text + "end\n";
}

std::optional<Revocations::Table> Revocations::parse(const std::string& text) {
  Table table;
  std::string_view rest = text;
  bool first = true;
  while (!rest.empty()) {
    const auto end = rest.find('\n');
    if (end == std::string_view::npos) return std::nullopt;
    std::string_view line = rest.substr(0, end);
    rest.remove_prefix(end + 1);
    if (std::exchange(first, false)) {
      if (line != kFirstLine) return std::nullopt;
      continue;
    }
    if (line == "end") return rest.empty() ? std::optional(std::move(table)) : std::nullopt;
    const auto what = take_word(line);
    const auto which = take_word(line);
    const auto until = time_of(take_word(line));
    const auto kind = kind_of(take_word(line));
    if (!until || !kind || which.empty() || line.empty()) return std::nullopt;
    Entries& entries = table[{*kind, std::string(line)}];
    if (what == "token") {
      entries.tokens[std::string(which)] = *until;
    } else if (const auto before = time_of(which); what == "all" && before) {
      entries.before = Before{*before, *until};
    } else {
      return std::nullopt;
    }
  }
  return std::nullopt;
}

}  // namespace shale::auth

#include "auth/key_ring.h"

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <system_error>
#include <utility>

#include <sys/stat.h>

#include "auth/files.h"
#include "auth/secrets.h"

namespace shale::auth {
namespace {

using std::chrono::seconds;

constexpr std::string_view kEnd = ".pem";
constexpr std::int64_t kLatest = 253'402'300'799;  ///< seconds: the year 9999

/// `SECONDS-ID.pem`: when the key in it was made.
std::optional<Time> time_of(std::string_view name) {
  std::int64_t since = 0;
  const char* const begin = std::to_address(name.begin());
  const char* const end = begin + name.size();
  const auto read = std::from_chars(begin, end, since);
  if (read.ec != std::errc() || read.ptr == end || *read.ptr != '-') return std::nullopt;
  if (!name.ends_with(kEnd) || since < 0 || since > kLatest) return std::nullopt;
  return Time(seconds(since));
}

std::variant<SigningKeyPtr, std::string> load_key(const std::string& path) {
  auto read = read_private_file(path);
  if (const auto* fault = std::get_if<FileFault>(&read)) return fault->why;
  auto& text = std::get<FileContent>(read).text;
  auto key = SigningKey::from_pem(text);
  wipe(text);
  if (key) return std::make_shared<const SigningKey>(*std::move(key));
  return path + " is not a P-256 key in PEM without a passphrase: move it away";
}

/// None when it is there, and what it should be.
std::string make_directory(const std::filesystem::path& path) {
  std::error_code failed;
  std::filesystem::create_directories(path.parent_path(), failed);
  if (::mkdir(path.c_str(), 0700) == 0) {
    const auto fault = sync_directory(path.parent_path());
    return fault ? fault->why : std::string();
  }
  if (std::filesystem::symlink_status(path, failed).type() ==
      std::filesystem::file_type::directory) {
    return {};
  }
  return path.string() + " is no directory, and none can be made there";
}

}  // namespace

KeyRing::KeyRing(SigningKey key) : options_({}) {
  state_.lock()->members.push_back(
      {std::make_shared<const SigningKey>(std::move(key)), Time(), std::string()});
}

std::variant<std::shared_ptr<KeyRing>, std::string> KeyRing::open(const std::string& directory,
                                                                  Options options, Report report,
                                                                  Time now) {
  const auto keys = std::filesystem::path(directory) / "token-keys";
  if (auto fault = make_directory(keys); !fault.empty()) return fault;
  std::shared_ptr<KeyRing> ring(new KeyRing(keys, options, std::move(report)));
  const std::string earlier = std::filesystem::path(directory) / "token-key.pem";
  if (auto fault = ring->take_over(earlier, now); !fault.empty()) return fault;

  const auto state = ring->state_.lock();
  const auto faults = ring->load(*state);
  if (state->members.empty()) {
    if (!faults.empty()) return "no key of tokens can be used: " + faults.front();
    if (auto fault = ring->add(*state, now); !fault.empty()) return fault;
  }
  for (const std::string& fault : faults)
    ring->report_(fault);
  return ring;
}

/// Moves the one key that earlier versions kept into the ring.
std::string KeyRing::take_over(const std::string& path, Time now) const {
  const FileStamp stamp = stamp_of(path);
  std::error_code failed;
  if (!std::filesystem::exists(std::filesystem::symlink_status(path, failed))) return {};
  auto loaded = load_key(path);
  if (auto* fault = std::get_if<std::string>(&loaded)) return std::move(*fault);
  const Time written(std::chrono::duration_cast<std::chrono::milliseconds>(
      std::chrono::nanoseconds(stamp.written)));
  const auto& key = *std::get<SigningKeyPtr>(loaded);
  const std::string place = path_for(key, std::clamp(written, Time(), now));
  std::filesystem::rename(path, place, failed);
  if (failed) return "cannot move " + path + " to " + place + ": " + failed.message();
  if (auto fault = sync_directory(directory_)) return fault->why;
  const auto fault = sync_directory(std::filesystem::path(path).parent_path());
  return fault ? fault->why : std::string();
}

/// Answers what is wrong with each file that is no key.
std::vector<std::string> KeyRing::load(State& state) const {
  std::vector<std::string> faults;
  std::error_code failed;
  for (const auto& entry : std::filesystem::directory_iterator(directory_, failed)) {
    const std::string path = entry.path();
    const std::string name = entry.path().filename();
    if (name.ends_with(".pem.new")) {  // a write that was cut off
      if (auto fault = remove_file(path)) faults.push_back(std::move(fault->why));
      continue;
    }
    const auto made = time_of(name);
    if (!made) {
      faults.push_back(path + " is not named as a key of tokens is: move it away");
      continue;
    }
    auto key = load_key(path);
    if (auto* fault = std::get_if<std::string>(&key)) {
      faults.push_back(std::move(*fault));
    } else {
      state.members.push_back({std::get<SigningKeyPtr>(std::move(key)), *made, path});
    }
  }
  if (failed) faults.push_back("cannot read " + directory_ + ": " + failed.message());
  std::ranges::sort(state.members, {}, &Member::made);
  return faults;
}

SigningKeyPtr KeyRing::signing(Time now) const {
  const auto state = state_.lock();
  // The first has no other before it that could sign meanwhile.
  SigningKeyPtr key = state->members.front().key;
  for (const Member& member : state->members) {
    if (member.made + options_.lead <= now) key = member.key;
  }
  return key;
}

SigningKeyPtr KeyRing::find(std::string_view id) const {
  const auto state = state_.lock();
  const auto found = std::ranges::find_if(
      state->members, [&](const Member& member) { return member.key->id() == id; });
  return found == state->members.end() ? nullptr : found->key;
}

std::string KeyRing::jwks() const {
  std::string keys;
  const auto state = state_.lock();
  for (const Member& member : state->members)
    (keys += keys.empty() ? "" : ",") += member.key->jwk();
  return "{\"keys\":[" + keys + "]}";
}

void KeyRing::refresh(Time now) {
  if (directory_.empty()) return;
  State next;
  {
    const auto state = state_.lock();
    next = *state;
  }
  // The disk is not waited for under the lock. Nobody else changes the ring.
  std::string fault = is_due(next, now) ? add(next, now) : std::string();
  if (auto another = remove_expired(next, now); fault.empty()) fault = std::move(another);
  if (!fault.empty() && next.fault.empty()) report_(fault);
  next.fault = std::move(fault);
  *state_.lock() = std::move(next);
}

/// A key that was made in the future, before the clock was put right, is not young.
bool KeyRing::is_due(const State& state, Time now) const {
  return std::ranges::none_of(state.members, [&](const Member& member) {
    return member.made > now - options_.key_life && member.made <= now + options_.lead;
  });
}

std::string KeyRing::add(State& state, Time now) const {
  auto key = std::make_shared<const SigningKey>(SigningKey::make());
  std::string path = path_for(*key, now);
  std::string pem = key->pem();
  const auto fault = write_private_file(path, pem);
  wipe(pem);
  if (fault) {
    std::error_code ignored;  // another one is made the next time
    std::filesystem::remove(path, ignored);
    return fault->why;
  }
  state.members.push_back({std::move(key), now, std::move(path)});
  std::ranges::sort(state.members, {}, &Member::made);
  return {};
}

/// A key signs until the one after it does.
std::string KeyRing::remove_expired(State& state, Time now) const {
  auto& members = state.members;
  while (members.size() > 1 && members[1].made + options_.lead + options_.longest_token <= now) {
    if (auto fault = remove_file(members.front().path)) return fault->why;
    members.erase(members.begin());
  }
  return {};
}

std::string KeyRing::path_for(const SigningKey& key, Time made) const {
  const auto since = std::chrono::floor<seconds>(made.time_since_epoch()).count();
  return directory_ + '/' + std::to_string(since) + '-' + key.id().substr(0, 8) + std::string(kEnd);
}

}  // namespace shale::auth

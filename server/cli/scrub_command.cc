#include "server/cli/scrub_command.h"

#include <array>
#include <chrono>
#include <ostream>
#include <thread>
#include <utility>

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "server/config/units.h"

namespace shale::cli {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::string_view kScrub = "/api/v1/scrub";
constexpr std::chrono::milliseconds kLook{500};

std::uint64_t number(const Json& json, const char* name) {
  const auto found = json.find(name);
  return found == json.end() ? 0 : found->get<std::uint64_t>();
}

std::string text(const Json& json, const char* name) {
  const auto found = json.find(name);
  return found == json.end() ? std::string() : found->get<std::string>();
}

/// Whether a scrub came to its end and found nothing that is wrong still.
bool all_is_well(const Json& status) {
  const auto found = status.find("found");
  if (found == status.end() || status.contains("failure")) return false;
  return number(*found, "damaged") + number(*found, "missing") + number(*found, "known") +
             number(*found, "unreadable") + number(*found, "problems") ==
         0;
}

void print_found(std::ostream& out, const Json& found) {
  constexpr std::array<std::pair<const char*, const char*>, 8> kLines{{
      {"damaged", "damaged, now set aside"},
      {"missing", "missing"},
      {"known", "set aside before, and not pushed again since"},
      {"returned", "set aside before, and whole again"},
      {"unreadable", "could not be read"},
      {"orphans", "files that nothing refers to"},
      {"removed", "of those, removed"},
      {"problems", "contradictions in the metadata"},
  }};
  out << number(found, "blobs") << " blobs, " << number(found, "bytes") << " bytes read\n";
  for (const auto& [name, words] : kLines) {
    if (number(found, name) > 0) out << number(found, name) << " " << words << '\n';
  }
  for (const Json& line : found.value("words", Json::array()))
    out << "  " << line.get<std::string>() << '\n';
}

void print_table(std::ostream& out, const Json& status) {
  const bool running = status.value("running", false);
  if (!status.contains("found")) {
    out << (running ? "a scrub is about to begin\n" : "no scrub since the server started\n");
  } else if (running) {
    out << "running since " << text(status, "started") << ", at " << text(status, "phase")
        << "; so far:\n";
    print_found(out, status["found"]);
  } else {
    out << "the last one began " << text(status, "started") << " and ended "
        << text(status, "finished") << '\n';
    if (status.contains("failure")) {
      out << "it did not come to its end: " << text(status, "failure") << '\n';
    }
    print_found(out, status["found"]);
    if (all_is_well(status)) out << "all is well\n";
  }
  if (number(status, "quarantined") > 0) {
    out << number(status, "quarantined")
        << " blobs are set aside: whoever pushes one of them again heals it\n";
  }
  if (number(status, "lost_on_read") > 0) {
    out << number(status, "lost_on_read") << " pulls found the bytes gone\n";
  }
}

}  // namespace

std::variant<std::uint64_t, std::string> parse_rate(std::string_view text) {
  if (text.ends_with("/s")) text.remove_suffix(2);
  auto parsed = config::parse_size(text);
  if (const auto* wrong = std::get_if<config::Wrong>(&parsed)) return wrong->why;
  return std::get<std::uint64_t>(parsed);
}

ScrubCommand::ScrubCommand(CLI::App& app)
    : command_(*app.add_subcommand("scrub", "Look for damage in what is stored, while it serves")),
      run_(*command_.add_subcommand("run", "Compare everything with its digest, now")),
      status_(*command_.add_subcommand("status", "How far a scrub is, or what the last one found")),
      run_at_(run_),
      status_at_(status_) {
  command_.require_subcommand(1);
  run_.add_option("--rate", rate_, "Bytes a second, such as 50MiB/s; else as fast as it goes")
      ->type_name("RATE")
      ->check([](const std::string& text) {
        const auto rate = parse_rate(text);
        const auto* wrong = std::get_if<std::string>(&rate);
        return wrong != nullptr ? "--rate: " + *wrong : std::string();
      });
  run_.add_flag("--wait", wait_, "Return when it is over: with 0 only if all is well");
  for (CLI::App* command : {&run_, &status_}) {
    add_output_option(*command, output_);
  }
}

bool ScrubCommand::chosen() const {
  return command_.parsed();
}

int ScrubCommand::run(const Surroundings& surroundings) const {
  return run_.parsed() ? start(surroundings) : status(surroundings);
}

int ScrubCommand::start(const Surroundings& surroundings) const {
  int code = kOk;
  Json wish = Json::object();
  if (!rate_.empty()) wish["rate"] = std::get<std::uint64_t>(parse_rate(rate_));
  if (!run_at_.ask(surroundings, "POST", kScrub, wish.dump(), code)) return code;
  if (wait_) return wait(surroundings);
  if (output_ == "json") {
    surroundings.out << Json{{"running", true}}.dump(2) << '\n';
  } else {
    surroundings.out << "begun; `shale scrub status` tells how far it is\n";
  }
  return kOk;
}

int ScrubCommand::wait(const Surroundings& surroundings) const {
  int code = kOk;
  std::uint64_t told = 0;
  while (true) {
    const auto body = run_at_.ask(surroundings, "GET", kScrub, {}, code);
    if (!body) return code;
    const Json now = Json::parse(*body);
    if (!now["running"].get<bool>()) {
      print(surroundings, *body);
      return all_is_well(now) ? kOk : kFailure;
    }
    if (const auto found = now.find("found"); found != now.end() && now.contains("phase")) {
      const std::uint64_t blobs = number(*found, "blobs");
      if (blobs != told) {
        surroundings.err << text(now, "phase") << ": " << blobs << " of "
                         << number(*found, "blobs_in_all") << " blobs, " << number(*found, "bytes")
                         << " bytes\n";
      }
      told = blobs;
    }
    std::this_thread::sleep_for(kLook);
  }
}

int ScrubCommand::status(const Surroundings& surroundings) const {
  int code = kOk;
  const auto body = status_at_.ask(surroundings, "GET", kScrub, {}, code);
  return body ? print(surroundings, *body) : code;
}

int ScrubCommand::print(const Surroundings& surroundings, const std::string& body) const {
  const Json status = Json::parse(body);
  if (output_ == "json") {
    surroundings.out << status.dump(2) << '\n';
  } else {
    print_table(surroundings.out, status);
  }
  return kOk;
}

}  // namespace shale::cli

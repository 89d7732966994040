#include "tests/model/run.h"

#include <algorithm>
#include <utility>

#include <nlohmann/json.hpp>

namespace shale::testing::model {

namespace {

/// What kind of thing the path names.
std::string kind_of(const Request& request) {
  const std::string last = request.part_from_end(0);
  const std::string kind = request.part_from_end(1);
  if (request.path == "/v2/" || request.path == "/v2") return "base";
  if (last == "_catalog") return "catalog";
  if (kind == "tags") return "tags";
  if (kind == "manifests") return last.find(':') == last.npos ? "manifest by tag" : "manifest";
  if (kind == "uploads" && last.empty()) return "uploads";
  if (kind == "uploads") return "upload";
  return kind == "blobs" ? "blob" : kind == "referrers" ? kind : "nothing";
}

}  // namespace

Run::Run(const Universe& universe, Scope scope, RegistryModel model, Setup setup)
    : universe_(universe),
      scope_(std::move(scope)),
      model_(std::move(model)),
      setup_(std::move(setup)),
      traffic_(universe, scope_, setup_.seed) {
  for (std::size_t at = 0; at < setup_.connections; ++at)
    drivers_.emplace_back(setup_.address, names_);
}

void Run::step() {
  ++steps_;
  Dice& dice = traffic_.dice();
  if (!held_.empty() && (dice.chance(15) || held_.size() + 1 >= drivers_.size())) {
    release(dice.below(held_.size()));
    return;
  }
  std::size_t driver = dice.below(drivers_.size());
  while (std::ranges::find(held_, driver, &Held::driver) != held_.end())
    driver = (driver + 1) % drivers_.size();

  const Request request = traffic_.next(model_);
  const bool may_be_held = drivers_.size() > 1 && model_.profile().holds_uploads &&
                           !request.body.empty() && dice.chance(25);
  if (!may_be_held) {
    ask(drivers_[driver], request);
    return;
  }
  remember(describe(request));
  if (auto early = model_.open(request)) {
    compare(request, *early, send(request, [&] { return drivers_[driver].ask(request, *early); }));
    return;
  }
  send(request, [&] {
    drivers_[driver].hold(request);
    return Answer();
  });
  held_.push_back({request, driver});
}

Answer Run::send(const Request& request, const std::function<Answer()>& driver) const {
  try {
    return driver();
  } catch (const std::runtime_error& error) {
    fail(request, error.what());
  }
}

void Run::ask(WireDriver& driver, const Request& request) {
  remember(describe(request));
  const Answer expected = model_.answer(request);
  compare(request, expected, send(request, [&] { return driver.ask(request, expected); }));
}

void Run::release(std::size_t at) {
  const Held held = held_[at];
  held_.erase(held_.begin() + static_cast<std::ptrdiff_t>(at));
  remember("the rest of " + describe(held.request));
  const Answer expected = model_.finish(held.request);
  compare(held.request, expected, send(held.request, [&] {
            return drivers_[held.driver].release(held.request, expected);
          }));
}

void Run::settle() {
  while (!held_.empty())
    release(0);
}

void Run::reconnect(const std::string& address) {
  remember("the server is restarted");
  for (WireDriver& driver : drivers_)
    driver.reconnect(address);
}

void Run::compare(const Request& request, Answer expected, Answer got) {
  std::string what = request.method + " " + kind_of(request) + ": " + std::to_string(got.status);
  if (got.status >= 400) what += " " + got.body.substr(0, got.body.find_first_of(" \n"));
  ++seen_[what];
  if (expected == got) return;
  setup_.forgive(request, expected, got);
  if (expected == got) return;
  fail(request, "another answer than the model's\n" + describe_difference(expected, got));
}

void Run::fail(const Request& request, const std::string& what) const {
  std::string text = setup_.name + ", step " + std::to_string(steps_) + ": " + describe(request) +
                     "\n" + what + "\nbefore that:\n";
  for (const std::string& line : history_)
    text += "  " + line.substr(0, 250) + "\n";
  throw Difference(text);
}

void Run::remember(const std::string& what) {
  constexpr std::size_t kKept = 8;
  while (history_.size() > kKept)
    history_.pop_front();
  history_.push_back(std::to_string(steps_) + ": " + what);
}

void Run::ask_all_pages(Request request) {
  for (;;) {
    ask(request);
    const Answer page = model_.answer(request);
    const auto link = page.fields.find("link");
    if (link == page.fields.end()) return;
    const std::string& text = link->second;
    const std::size_t last = text.find("last=") + 5;
    std::erase_if(request.query, [](const auto& entry) { return entry.first == "last"; });
    request.query.emplace_back("last", text.substr(last, text.find('&', last) - last));
  }
}

void Run::compare_everything() {
  const std::vector<std::string> algorithms = model_.profile().sha512
                                                  ? std::vector<std::string>{"sha256", "sha512"}
                                                  : std::vector<std::string>{"sha256"};
  const Pairs accept = accept_all();
  for (const std::string& name : scope_.repositories) {
    const std::string base = "/v2/" + name;
    ask_all_pages({"GET", base + "/tags/list"});
    for (const std::string& tag : universe_.tags)
      ask({"GET", base + "/manifests/" + tag, {}, accept});
    for (const std::string& algorithm : algorithms) {
      for (const PushableManifest& manifest : universe_.manifests) {
        const std::string digest = digest_of_bytes(manifest.body, algorithm.c_str());
        ask({"GET", base + "/manifests/" + digest, {}, accept});
        if (model_.profile().referrers) ask_all_pages({"GET", base + "/referrers/" + digest});
      }
      for (const std::string& content : universe_.contents)
        ask({"GET", base + "/blobs/" + digest_of_bytes(content, algorithm.c_str())});
    }
  }
  for (const auto& [id, upload] : std::map(model_.uploads()))
    ask({"GET", "/v2/" + upload.repository + "/blobs/uploads/" + id});
  if (scope_.alone) ask_all_pages({"GET", "/v2/_catalog"});
}

}  // namespace shale::testing::model

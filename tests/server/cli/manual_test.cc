#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <regex>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include <doctest/doctest.h>

#include "server/cli/command_line.h"
#include "server/cli/prose.h"
#include "server/cli/troff.h"
#include "server/config/settings.h"
#include "tests/support/temporary_directory.h"

namespace shale::cli {
namespace {

using Words = std::vector<std::string>;

struct Outcome {
  int code = -1;
  std::string out;
  std::string err;
};

Outcome shale(const Words& arguments) {
  std::ostringstream out;
  std::ostringstream err;
  const int code =
      run(arguments, {.environment = {}, .out = out, .err = err, .serve = [](const Serving&) {
                        return kFailure;
                      }});
  return {.code = code, .out = out.str(), .err = err.str()};
}

bool has(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

/// What the first group of `pattern` finds in `text`.
Words found(const std::string& text, const std::regex& pattern) {
  return {std::sregex_token_iterator(text.begin(), text.end(), pattern, 1),
          std::sregex_token_iterator()};
}

/// A command as its `--help` tells of it.
struct Told {
  Words path;
  Words flags;
  Words commands;

  std::string name() const {
    std::string all;
    for (const std::string& word : path)
      all += (all.empty() ? "" : " ") + word;
    return all;
  }
  /// Its page of the manual.
  std::string page() const {
    return shale(path.empty() ? Words{"man"} : Words{"man", path[0]}).out;
  }
};

/// All that can be reached by asking for help, and nothing of the tree that the manual is made
/// from.
std::vector<Told> all_told(const Words& path = {}) {
  Words arguments = path;
  arguments.emplace_back("--help");
  const Outcome help = shale(arguments);
  REQUIRE(help.code == kOk);
  Told told{.path = path,
            .flags = found(help.out, std::regex(R"((?:^|\n) +(?:-\w,)?(--[\w.-]+))")),
            .commands = {}};
  const std::size_t commands = help.out.find("\nSubcommands:\n");
  if (commands != std::string::npos) {
    told.commands = found(help.out.substr(commands), std::regex(R"(\n  ([\w-]+) )"));
  }
  std::vector<Told> all{told};
  for (const std::string& command : told.commands) {
    Words below = path;
    below.push_back(command);
    const auto more = all_told(below);
    all.insert(all.end(), more.begin(), more.end());
  }
  return all;
}

TEST_CASE("shale man: every command and flag of --help is in the manual") {
  const std::vector<Told> all = all_told();
  REQUIRE(all.size() > 30);
  for (const Told& told : all) {
    CAPTURE(told.name());
    const std::string page = told.page();
    CHECK(has(page, "\n.SH EXIT STATUS\n"));
    CHECK(told.flags.size() >= 1);
    for (const std::string& flag : told.flags)
      CHECK_MESSAGE(has(page, Troff::bold(flag)), flag);
    for (const std::string& command : told.commands)
      CHECK_MESSAGE(has(page, Troff::plain("shale " + (told.path.empty() ? "" : told.name() + ' ') +
                                           command)),
                    command);
  }
}

TEST_CASE("shale completion: every command and flag of --help is offered where it belongs") {
  const std::string bash = shale({"completion", "bash"}).out;
  const std::string zsh = shale({"completion", "zsh"}).out;
  const std::string fish = shale({"completion", "fish"}).out;
  for (const Told& told : all_told()) {
    CAPTURE(told.name());
    const Words line = found(bash, std::regex("\n *('" + told.name() + "'\\) words=[^\n]*)"));
    REQUIRE(line.size() == 1);
    std::string function = "_shale";
    for (const std::string& word : told.path)
      function += '_' + word;
    const std::size_t begin = zsh.find('\n' + function + "() {\n");
    REQUIRE(begin != std::string::npos);
    const std::string body = zsh.substr(begin, zsh.find("\n}\n", begin) - begin);
    const std::string at = "__shale_at " + told.name() + '\'';

    for (const std::string& flag : told.flags) {
      CAPTURE(flag);
      CHECK(std::regex_search(line[0], std::regex("['\" ]" + flag + "[' ]")));
      CHECK(std::regex_search(body, std::regex("'\\*?" + flag + "[=\\[]")));
      CHECK(std::regex_search(fish, std::regex(at + "[^\n]* -l " + flag.substr(2) + "[ \n]")));
    }
    for (const std::string& command : told.commands) {
      CAPTURE(command);
      CHECK(std::regex_search(line[0], std::regex(" values='[^']*\\b" + command + "\\b")));
      CHECK(has(body, "'" + command + ':'));
      CHECK(has(fish, at + " -a " + command + ' '));
    }
  }
}

TEST_CASE("shale man: every setting is explained, where it is a flag and as a key of the file") {
  const std::string serve = shale({"man", "serve"}).out;
  const std::string file = shale({"man", "shale.yaml"}).out;
  for (const config::Setting& setting : config::settings()) {
    CAPTURE(setting.key);
    CHECK(has(serve, Troff::bold("--" + std::string(setting.key))));
    if (!setting.flag.empty()) {
      CHECK(has(serve, ", " + Troff::bold("--" + std::string(setting.flag)) + ' '));
    }
    CHECK(has(file, '\n' + Troff::bold(setting.key) + '\n'));
    CHECK(has(file, setting.variable()));
  }
  CHECK(has(file, "#quotas:"));
  CHECK(has(file, "#rules:"));
}

TEST_CASE("shale man: what is said of a command stands in its help and in its page") {
  const std::vector<Told> all = all_told();
  for (const Prose& prose : all_prose()) {
    CAPTURE(prose.path);
    const auto told = std::ranges::find(all, prose.path, &Told::name);
    REQUIRE(told != all.end());
    Words help = told->path;
    help.emplace_back("--help");
    CHECK(has(shale(help).out, prose.text));
    // The first words, before anything that the two write differently.
    const std::string_view begin = prose.text.substr(0, prose.text.find_first_of("`-'\n"));
    CHECK(has(told->page(), begin));
  }
}

TEST_CASE("shale man: writes all pages into a directory") {
  const testing::TemporaryDirectory directory;
  const auto out = directory.path() / "man";
  CHECK(shale({"man", "--out", out.string()}).code == kOk);
  std::ifstream file(out / "shale-tag.1");
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  CHECK(text == shale({"man", "tag"}).out);
  CHECK(text == shale({"man", "shale-tag"}).out);
  CHECK(std::filesystem::exists(out / "shale.1"));
  CHECK(std::filesystem::exists(out / "shale.yaml.5"));

  const Outcome full = shale({"man", "--out", "/dev/null/man"});
  CHECK(full.code == kFailure);
  CHECK(full.err == "shale: /dev/null/man/shale.1 cannot be written\n");
}

TEST_CASE("shale man, shale completion: refuse what is not there") {
  CHECK(shale({"man", "tags"}).code == kUsage);
  CHECK(has(shale({"man", "tags"}).err, "there is no page `tags`"));
  CHECK(shale({"man", "tag", "--out", "/tmp"}).code == kUsage);
  CHECK(shale({"completion"}).code == kUsage);
  CHECK(shale({"completion", "tcsh"}).code == kUsage);
}

TEST_CASE("Troff: text is shown as it is, except that backquotes make bold") {
  Troff page("shale-x", 1, "1.2");
  CHECK(page.str() == ".TH SHALE\\-X 1 \"\" \"Shale 1.2\" \"Shale\"\n");
  page.heading("Name");
  page.text(".so no request\n'and none `C:\\ --here`\n\nanother");
  page.item(Troff::italic("WORD"), ".meaning");
  page.example("  a: [\\]\n.b\n");
  CHECK(page.str().substr(page.str().find(".SH")) ==
        ".SH NAME\n\\&.so no request\n\\&'and none \\fBC:\\e \\-\\-here\\fR\n.PP\nanother\n"
        ".TP\n\\fIWORD\\fR\n\\&.meaning\n.PP\n.nf\n  a: [\\e]\n\\&.b\n.fi\n");
}

}  // namespace
}  // namespace shale::cli

#include "server/cli/manual.h"

#include <algorithm>
#include <utility>

#include "server/cli/prose.h"
#include "server/cli/troff.h"
#include "server/config/print.h"
#include "server/config/settings.h"

namespace shale::cli {
namespace {

constexpr std::string_view kConfiguration = "shale.yaml";

std::string page_name(const Command& noun) {
  return noun.path.empty() ? "shale" : "shale-" + noun.name;
}

/// In bold, with its section, as pages name each other.
std::string page_link(std::string_view name, int section) {
  return Troff::bold(name) + '(' + std::to_string(section) + ')';
}

std::string placeholder(const Argument& argument) {
  std::string text;
  if (argument.takes == Takes::kChoice) {
    for (const std::string& choice : argument.choices)
      text += (text.empty() ? "" : "|") + Troff::bold(choice);
  } else {
    text = Troff::italic(argument.form);
  }
  return text + (argument.repeated ? "..." : "");
}

std::string term_of_flag(const Argument& flag) {
  std::string term;
  for (const std::string& name : flag.names)
    term += (term.empty() ? "" : ", ") + Troff::bold(name);
  return flag.takes == Takes::kNothing ? term : term + ' ' + placeholder(flag);
}

std::string meaning_of(const Argument& argument) {
  std::string meaning = argument.doc + '.';
  if (!argument.fallback.empty()) meaning += " Default: " + argument.fallback + '.';
  return meaning;
}

std::string meaning_of_setting(const config::Setting& setting) {
  return std::string(setting.doc) + " Takes: " + setting.form +
         ". Default: " + config::default_text(setting) + '.';
}

/// `[--output FORMAT]`; the settings stand together at the end.
std::string synopsis(const Command& command) {
  std::string line = Troff::bold("shale" + (command.path.empty() ? "" : ' ' + command.path));
  bool settings = false;
  const auto add = [&](const std::string& text, bool required) {
    line += ' ' + (required ? text : '[' + text + ']');
  };
  for (const Argument& word : command.words)
    add(placeholder(word), word.required);
  for (const Argument& flag : command.flags) {
    settings = settings || flag.setting;
    if (flag.setting || flag.names.front() == "--help") continue;
    const std::string name = Troff::bold(flag.names.front());
    add(flag.takes == Takes::kNothing ? name : name + ' ' + placeholder(flag), flag.required);
  }
  if (settings) add(Troff::italic("settings"), false);
  return line;
}

/// Those that can be run by themselves.
std::vector<const Command*> leaves(const Command& noun) {
  auto all = all_commands(noun);
  std::erase_if(all, [](const Command* command) { return !command->commands.empty(); });
  return all;
}

void add_items(Troff& page, const std::vector<Argument>& words,
               const std::vector<Argument>& flags) {
  for (const Argument& word : words)
    page.item(placeholder(word), meaning_of(word));
  for (const Argument& flag : flags) {
    if (!flag.setting) page.item(term_of_flag(flag), meaning_of(flag));
  }
}

/// The flags that all of the commands have alike.
std::vector<Argument> common_flags(const std::vector<Command>& commands) {
  std::vector<Argument> common = commands.front().flags;
  std::erase_if(common, [&](const Argument& flag) {
    return !std::ranges::all_of(commands, [&](const Command& command) {
      return std::ranges::count(command.flags, flag) == 1;
    });
  });
  return common;
}

void add_subcommands(Troff& page, const Command& noun) {
  const std::vector<Argument> common = common_flags(noun.commands);
  page.heading("Commands");
  for (const Command& command : noun.commands) {
    page.subheading("shale " + command.path);
    page.text(command.doc + '.');
    page.text(prose_of(command.path));
    std::vector<Argument> own = command.flags;
    std::erase_if(own, [&](const Argument& flag) { return std::ranges::count(common, flag) == 1; });
    add_items(page, command.words, own);
  }
  page.heading("Options");
  add_items(page, {}, common);
}

void add_settings(Troff& page) {
  page.heading("Settings");
  page.text(
      "Each is also a key of the file and a variable of the environment, which flags override: "
      "`--server.workers 4` is `workers: 4` below `server:`, and SHALE_SERVER__WORKERS=4. Flags of "
      "lists can be repeated.");
  for (const config::Setting& setting : config::settings()) {
    std::string term = Troff::bold("--" + std::string(setting.key));
    if (!setting.flag.empty()) term += ", " + Troff::bold("--" + std::string(setting.flag));
    page.item(term + ' ' + Troff::italic("VALUE"), meaning_of_setting(setting));
  }
}

void add_end(Troff& page, const std::string& see_also) {
  page.heading("Environment");
  page.item(Troff::bold("SHALE_CONFIG"), "The file with settings, when there is no `--config`.");
  page.item(
      Troff::bold("SHALE_") + Troff::italic("SECTION") + Troff::bold("__") + Troff::italic("NAME"),
      "A setting, such as SHALE_LIMITS__PAGE_SIZE or SHALE_AUTH__EXTERNAL__REALM. Overrides "
      "the file and is overridden by flags. Lists are written with commas.");
  page.heading("Exit status");
  page.item(Troff::bold("0"), "Done.");
  page.item(Troff::bold("1"), "It could not be done.");
  page.item(Troff::bold("2"), "The command line or the configuration is wrong.");
  page.heading("See also");
  page.line(see_also);
}

Page page_of(const Command& noun, std::string_view version) {
  Troff page(page_name(noun), 1, version);
  page.heading("Name");
  page.line(Troff::plain(page_name(noun)) + " \\- " + Troff::plain(noun.doc));
  page.heading("Synopsis");
  const auto runnable = leaves(noun);
  for (const Command* leaf : runnable) {
    if (leaf != runnable.front()) page.next_line();
    page.line(synopsis(*leaf));
  }
  page.heading("Description");
  page.text(noun.doc + '.');
  page.text(prose_of(noun.path));
  if (noun.commands.empty()) {
    page.heading("Options");
    add_items(page, noun.words, noun.flags);
    if (std::ranges::any_of(noun.flags, &Argument::setting)) add_settings(page);
  } else {
    add_subcommands(page, noun);
  }
  add_end(page, page_link("shale", 1) + ", " + page_link(kConfiguration, 5));
  return {.name = page_name(noun), .section = 1, .text = page.str()};
}

void add_files(Troff& page) {
  page.heading("Files");
  page.item(Troff::italic("DATA/auth/token-keys"),
            "The keys that sign tokens, one file each, for the owner of the process alone. They "
            "follow each other by themselves; without the files, all tokens end.");
  page.item(Troff::italic("DATA/auth/revoked-tokens"),
            "Tokens that were revoked before they would have expired.");
  page.item(Troff::italic("DATA/control.sock"),
            "The socket on which the server takes commands, for the owner of the process and root "
            "alone.");
  page.item(Troff::italic("/etc/shale/shale.yaml"),
            "The configuration of the service that the package of Shale brings, which keeps its "
            "data in /var/lib/shale.");
}

Page overview(const Command& program, std::string_view version) {
  Troff page("shale", 1, version);
  page.heading("Name");
  page.line("shale \\- registry for container images and other OCI artifacts");
  page.heading("Synopsis");
  page.line(Troff::bold("shale") + ' ' + Troff::italic("COMMAND") + " [" +
            Troff::italic("options") + ']');
  page.next_line();
  page.line(Troff::bold("shale") + " [" + Troff::italic("COMMAND") + "] " + Troff::bold("--help"));
  page.heading("Description");
  page.text(program.doc);
  page.text(prose_of(program.path));
  page.heading("Commands");
  std::string see_also = page_link(kConfiguration, 5);
  for (const Command& noun : program.commands) {
    see_also += ", " + page_link(page_name(noun), 1);
    for (const Command* leaf : leaves(noun))
      page.item(Troff::bold("shale " + leaf->path), leaf->doc + '.');
  }
  page.heading("Options");
  add_items(page, {}, program.flags);
  add_files(page);
  add_end(page, see_also);
  return {.name = "shale", .section = 1, .text = page.str()};
}

Page configuration(std::string_view version) {
  Troff page(kConfiguration, 5, version);
  page.heading("Name");
  page.line("shale.yaml \\- the configuration of Shale");
  page.heading("Description");
  page.text(
      "A YAML file, named with `--config` or by SHALE_CONFIG. None is needed. Each setting can be "
      "given in three ways, and the later one wins: in the file, as a variable of the environment, "
      "and as a flag; `shale check-config` checks it and shows what is in force.\n\n"
      "Sizes are bytes, or whole numbers with KiB, MiB, GiB or TiB. Durations are whole numbers "
      "with ms, s, m, h or d.");
  page.heading("Example");
  page.example(
      "server:\n  listen: [\"127.0.0.1:5000\", \"https://:5443\"]\n"
      "tls:\n  certificates: [/etc/shale/shale.crt]\n  keys: [/etc/shale/shale.key]\n"
      "storage:\n  data_dir: /var/lib/shale\n");
  std::string_view section;
  for (const config::Setting& setting : config::settings()) {
    if (setting.section() != section) page.heading(section = setting.section());
    page.item(Troff::bold(setting.key),
              meaning_of_setting(setting) +
                  (setting.live ? " A reload takes it over." : " A change needs a restart.") +
                  " Variable: " + setting.variable() + '.');
  }
  page.heading("Quotas and rules");
  page.example(config::reference_of_lists());
  page.heading("See also");
  page.line(page_link("shale", 1) + ", " + page_link("shale-check-config", 1) + ", " +
            page_link("shale-serve", 1));
  return {.name = std::string(kConfiguration), .section = 5, .text = page.str()};
}

}  // namespace

std::vector<Page> manual(const Command& program, std::string_view version) {
  std::vector<Page> pages{overview(program, version)};
  for (const Command& noun : program.commands)
    pages.push_back(page_of(noun, version));
  pages.push_back(configuration(version));
  return pages;
}

}  // namespace shale::cli

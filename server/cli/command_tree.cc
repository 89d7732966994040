#include "server/cli/command_tree.h"

#include <algorithm>

#include <CLI/CLI.hpp>

#include "server/cli/help.h"
#include "server/config/print.h"
#include "server/config/settings.h"

namespace shale::cli {
namespace {

/// CLI11 adds to `FORMAT` what is checked: `FORMAT:{table,json}`, `N:INT in [1 - 9]`.
void take_choices(Argument& argument) {
  for (const std::string_view check : {":POSITIVE", ":INT in ["}) {
    argument.form.resize(std::min(argument.form.find(check), argument.form.size()));
  }
  const std::size_t brace = argument.form.find(":{");
  if (brace == std::string::npos || !argument.form.ends_with('}')) return;
  const std::string list = argument.form.substr(brace + 2, argument.form.size() - brace - 3);
  argument.form.resize(brace);
  argument.choices = CLI::detail::split(list, ',');
  argument.takes = Takes::kChoice;
}

Takes taken_by(std::string_view form) {
  if (form == "FILE" || form == "PATH") return Takes::kFile;
  return form == "DIR" ? Takes::kDirectory : Takes::kText;
}

/// The words of a form such as `debug, info, warn or error`.
std::vector<std::string> choices_of(std::string form) {
  form = CLI::detail::find_and_replace(form, " or ", ", ");
  std::vector<std::string> choices;
  for (const std::string& word : CLI::detail::split(form, ','))
    choices.push_back(CLI::detail::trim_copy(word));
  std::erase(choices, "empty");
  return choices;
}

void describe_setting(Argument& argument, const config::Setting& setting) {
  argument.setting = true;
  argument.doc = setting.doc.substr(0, setting.doc.size() - 1);
  argument.form = "VALUE";
  argument.fallback = config::default_text(setting);
  argument.repeated = setting.list;
  const std::string_view form = setting.form;
  if (setting.kind == config::Kind::kBool || setting.kind == config::Kind::kWord) {
    argument.takes = Takes::kChoice;
    argument.choices = choices_of(setting.form);
  } else if (form.starts_with("directory")) {
    argument.takes = Takes::kDirectory;
  } else if (form.starts_with("file")) {
    argument.takes = Takes::kFile;
  } else {
    argument.takes = Takes::kText;
  }
}

Argument argument_of(const CLI::Option& option) {
  Argument argument;
  argument.doc = option.get_description();
  argument.required = option.get_required();
  if (option.nonpositional()) {
    for (const std::string& name : option.get_lnames())
      argument.names.push_back("--" + name);
    for (const std::string& name : option.get_snames())
      argument.names.push_back('-' + name);
  } else {
    argument.names.push_back(option.get_name(true));
  }
  const config::Setting* setting =
      option.get_group() == kSettings ? config::find_setting(option.get_lnames().front()) : nullptr;
  if (setting != nullptr) {
    describe_setting(argument, *setting);
    return argument;
  }
  for (const CLI::Option* other : option.get_excludes())
    argument.doc += ". Not together with " + other->get_name();
  if (option.get_expected_min() == 0) return argument;
  argument.form = option.get_type_name();
  argument.takes = taken_by(argument.form);
  take_choices(argument);
  argument.fallback = option.get_default_str();
  argument.repeated = option.get_expected_max() == CLI::detail::expected_max_vector_size;
  return argument;
}

/// Those of a group are arguments of the command that has the group.
void add_arguments(Command& command, const CLI::App& from) {
  for (const CLI::Option* option : from.get_options()) {
    auto& place = option->nonpositional() ? command.flags : command.words;
    place.push_back(argument_of(*option));
  }
}

}  // namespace

Command command_tree(const CLI::App& program) {
  Command command;
  command.name = program.get_name();
  command.path = path_of(program);
  command.doc = program.get_description();
  add_arguments(command, program);
  for (const CLI::App* below : program.get_subcommands({})) {
    if (below->get_name().empty()) {
      add_arguments(command, *below);
    } else {
      command.commands.push_back(command_tree(*below));
    }
  }
  return command;
}

std::vector<const Command*> all_commands(const Command& program) {
  std::vector<const Command*> all{&program};
  for (const Command& command : program.commands) {
    const auto below = all_commands(command);
    all.insert(all.end(), below.begin(), below.end());
  }
  return all;
}

}  // namespace shale::cli

#include "server/cli/completion.h"

#include <algorithm>
#include <map>

namespace shale::cli {
namespace {

std::string joined(const std::vector<std::string>& words, std::string_view between) {
  std::string all;
  for (const std::string& word : words)
    (all += all.empty() ? std::string_view() : between) += word;
  return all;
}

/// `text` with `before` before each of `characters`.
std::string escaped(std::string_view text, std::string_view characters, std::string_view before) {
  std::string out;
  for (const char c : text) {
    if (characters.find(c) != std::string_view::npos) out += before;
    out += c;
  }
  return out;
}

/// In single quotes, as bash and zsh read them.
std::string quoted(std::string_view text) {
  std::string out = "'";
  for (const char c : text) {
    if (c == '\'') {
      out += R"('\'')";
    } else {
      out += c;
    }
  }
  return out + '\'';
}

/// What there is room for beside a name: the first sentence, and not all of a long one.
std::string brief(std::string_view doc) {
  constexpr std::size_t kRoom = 72;
  std::string text(doc.substr(0, doc.find(". ")));
  if (text.size() <= kRoom) return text;
  return text.substr(0, text.rfind(' ', kRoom - 4)) + " ...";
}

// ---- bash ------------------------------------------------------------------------------

/// Nothing of bash-completion is needed. `=` is a word of its own there.
constexpr std::string_view kBash = R"(_shale() {
  local command='' word words='' values=''
  local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]}
  if [[ $cur == '=' ]]; then
    cur=''
  elif [[ $prev == '=' ]]; then
    prev=${COMP_WORDS[COMP_CWORD-2]}
  fi
  for word in "${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    case "$command $word" in
      @COMMANDS@) command=${command:+$command }$word ;;
    esac
  done
  COMPREPLY=()
  case "$command $prev" in
@VALUES@    *)
      case "$command" in
@WORDS@      esac
      [[ $cur == -* ]] || words=${values:-$words}
      mapfile -t COMPREPLY < <(compgen -W "$words" -- "$cur")
      ;;
  esac
}
complete -F _shale shale
)";

/// What fills `COMPREPLY` with the values of a flag.
std::string bash_action(const Argument& flag) {
  const auto from = [](const std::string& command) {
    return "      mapfile -t COMPREPLY < <(" + command + " -- \"$cur\")\n";
  };
  constexpr const char* kNames = "      compopt -o filenames 2>/dev/null\n";
  switch (flag.takes) {
    case Takes::kChoice:
      return from("compgen -W " + quoted(joined(flag.choices, " ")));
    case Takes::kFile:
      return kNames + from("compgen -f");
    case Takes::kDirectory:
      return kNames + from("compgen -d");
    case Takes::kText:
    case Takes::kNothing:
      break;
  }
  return {};
}

std::string replaced(std::string text, std::string_view what, std::string_view by) {
  return text.replace(text.find(what), what.size(), by);
}

std::string bash(const Command& program) {
  std::vector<std::string> commands;
  std::map<std::string, std::vector<std::string>> values;  // where each action is done
  std::string words;
  for (const Command* command : all_commands(program)) {
    std::vector<std::string> names;
    for (const Command& below : command->commands) {
      names.push_back(below.name);
      commands.push_back(quoted(command->path + ' ' + below.name));
    }
    for (const Argument& word : command->words)
      names.insert(names.end(), word.choices.begin(), word.choices.end());
    std::vector<std::string> flags;
    for (const Argument& flag : command->flags) {
      flags.insert(flags.end(), flag.names.begin(), flag.names.end());
      if (flag.takes == Takes::kNothing) continue;
      for (const std::string& name : flag.names)
        values[bash_action(flag)].push_back(quoted(command->path + ' ' + name));
    }
    words += "        " + quoted(command->path) + ") words=" + quoted(joined(flags, " "));
    if (!names.empty()) words += " values=" + quoted(joined(names, " "));
    words += " ;;\n";
  }
  std::string cases;
  for (const auto& [action, places] : values)
    cases += "    " + joined(places, " | ") + ")\n" + action + "      ;;\n";
  const std::string script = replaced(std::string(kBash), "@COMMANDS@", joined(commands, " | "));
  return replaced(replaced(script, "@VALUES@", cases), "@WORDS@", words);
}

// ---- zsh -------------------------------------------------------------------------------

std::string zsh_action(const Argument& argument) {
  std::string action = ':' + escaped(argument.form, ":[]\\", "\\") + ':';
  switch (argument.takes) {
    case Takes::kChoice:
      return action + '(' + joined(argument.choices, " ") + ')';
    case Takes::kFile:
      return action + "_files";
    case Takes::kDirectory:
      return action + "_files -/";
    case Takes::kText:
      return action;
    case Takes::kNothing:
      break;
  }
  return {};
}

std::string zsh_flags(const Command& command) {
  std::string lines;
  for (const Argument& flag : command.flags) {
    for (const std::string& name : flag.names) {
      const bool long_value = flag.takes != Takes::kNothing && name.starts_with("--");
      lines +=
          " \\\n    " + quoted((flag.repeated ? "*" : "") + name + (long_value ? "=" : "") + '[' +
                               escaped(brief(flag.doc), "[]\\", "\\") + ']' + zsh_action(flag));
    }
  }
  return lines;
}

std::string zsh_function(const Command& command) {
  std::string name = "_shale";
  if (!command.path.empty()) name += '_' + command.path;
  std::ranges::replace(name, ' ', '_');
  std::string body = name + "() {\n";
  if (command.commands.empty()) {
    body += "  _arguments -s" + zsh_flags(command);
    for (const Argument& word : command.words)
      body += " \\\n    " + quoted((word.required ? "" : ":") + zsh_action(word));
    return body + "\n}\n\n";
  }
  body += "  local curcontext=\"$curcontext\" state line\n  _arguments -C" + zsh_flags(command) +
          " \\\n    '1:command:->command' '*::argument:->argument'\n  case $state in\n"
          "    command)\n      local -a commands=(\n";
  for (const Command& below : command.commands)
    body += "        " + quoted(escaped(below.name, ":\\", "\\") + ':' + brief(below.doc)) + '\n';
  body +=
      "      )\n      _describe command commands\n      ;;\n    argument)\n"
      "      case $words[1] in\n";
  for (const Command& below : command.commands) {
    body += "        " + below.name + ") " + name + '_' + below.name + " ;;\n";
  }
  body += "      esac\n      ;;\n  esac\n}\n\n";
  return body;
}

std::string zsh(const Command& program) {
  std::string script = "#compdef shale\n\n";
  for (const Command* command : all_commands(program))
    script += zsh_function(*command);
  // Read by `source`, it registers itself; found by compinit, it is the function.
  return script +
         "if [[ $funcstack[1] == _shale ]]; then\n  _shale \"$@\"\nelse\n"
         "  compdef _shale shale\nfi\n";
}

// ---- fish ------------------------------------------------------------------------------

std::string fish_quoted(std::string_view text) {
  return '\'' + escaped(text, "'\\", "\\") + '\'';
}

constexpr std::string_view kFish = R"(function __shale_at
  set -l path
  for word in (commandline -opc)[2..]
    switch "$path $word"
      case @COMMANDS@
        set path (string trim -- "$path $word")
    end
  end
  test "$path" = "$argv"
end
complete -c shale -f
)";

std::string fish(const Command& program) {
  std::string lines;
  std::vector<std::string> commands;
  for (const Command* command : all_commands(program)) {
    const std::string front = "complete -c shale -n " + fish_quoted("__shale_at " + command->path);
    for (const Command& below : command->commands) {
      commands.push_back(fish_quoted(command->path + ' ' + below.name));
      lines += front + " -a " + below.name + " -d " + fish_quoted(brief(below.doc)) + '\n';
    }
    for (const Argument& word : command->words) {
      if (!word.choices.empty())
        lines += front + " -a " + fish_quoted(joined(word.choices, " ")) + '\n';
    }
    for (const Argument& flag : command->flags) {
      lines += front;
      for (const std::string& name : flag.names)
        lines += name.starts_with("--") ? " -l " + name.substr(2) : " -s " + name.substr(1);
      if (flag.takes == Takes::kChoice) lines += " -x -a " + fish_quoted(joined(flag.choices, " "));
      if (flag.takes == Takes::kText) lines += " -x";
      if (flag.takes == Takes::kFile) lines += " -r -F";
      if (flag.takes == Takes::kDirectory) lines += " -x -a '(__fish_complete_directories)'";
      lines += " -d " + fish_quoted(brief(flag.doc)) + '\n';
    }
  }
  return replaced(std::string(kFish), "@COMMANDS@", joined(commands, " ")) + lines;
}

}  // namespace

std::vector<std::string> shells() {
  return {"bash", "zsh", "fish"};
}

std::string completion(const Command& program, std::string_view shell) {
  if (shell == "bash") return bash(program);
  return shell == "zsh" ? zsh(program) : fish(program);
}

}  // namespace shale::cli

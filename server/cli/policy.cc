#include "server/cli/policy.h"

#include <utility>

#include "auth/policy_compiler.h"
#include "server/config/policy_file.h"

namespace shale::cli {
namespace {

std::vector<auth::PolicyWord> words_of(const std::vector<config::PolicyFile::Word>& words) {
  std::vector<auth::PolicyWord> same;
  same.reserve(words.size());
  for (const auto& word : words)
    same.push_back({word.text, word.line});
  return same;
}

auth::PolicyText text_of(const config::PolicyFile& file) {
  auth::PolicyText text;
  for (const auto& group : file.groups) {
    text.groups.push_back({{group.name.text, group.name.line}, words_of(group.members)});
  }
  for (const auto& rule : file.rules) {
    text.rules.push_back(
        {.effect = rule.allow ? auth::Rule::Effect::kAllow : auth::Rule::Effect::kDeny,
         .actions = words_of(rule.actions),
         .subjects = words_of(rule.subjects),
         .repositories = words_of(rule.repositories),
         .line = rule.line});
  }
  return text;
}

std::vector<std::string> lines_of(const std::string& path,
                                  const std::vector<auth::PolicyNote>& notes) {
  std::vector<std::string> lines;
  lines.reserve(notes.size());
  for (const auth::PolicyNote& note : notes)
    lines.push_back(config::Problem{path + ':' + std::to_string(note.line), {}, note.what}.str());
  return lines;
}

using FileReading = std::variant<config::PolicyFile, std::vector<config::Problem>>;

PolicyReading compiled(const FileReading& read, const std::string& path) {
  if (const auto* problems = std::get_if<std::vector<config::Problem>>(&read)) {
    std::vector<std::string> lines;
    for (const config::Problem& problem : *problems)
      lines.push_back(problem.str());
    return lines;
  }
  auto compiled = auth::compile_policy(text_of(std::get<config::PolicyFile>(read)));
  if (const auto* errors = std::get_if<std::vector<auth::PolicyNote>>(&compiled)) {
    return lines_of(path, *errors);
  }
  auto& good = std::get<auth::CompiledPolicy>(compiled);
  return LoadedPolicy{std::make_shared<const auth::AccessPolicy>(std::move(good.policy)),
                      lines_of(path, good.warnings)};
}

}  // namespace

PolicyReading load_policy(const std::string& path) {
  if (path.empty()) {
    return LoadedPolicy{
        std::make_shared<const auth::AccessPolicy>(auth::AccessPolicy::for_everybody_known()), {}};
  }
  return compiled(config::read_policy_file(path), path);
}

PolicyReading understand_policy(const std::string& text, const std::string& path) {
  return compiled(config::parse_policy(text, path), path);
}

}  // namespace shale::cli

#pragma once

#include <string>
#include <variant>

#include "server/http/head_parser.h"

namespace shale::http {

using HeadOutcome = std::variant<NeedMore, ParsedHead, Refusal>;

/// Everything that an outcome says, as one line to compare.
inline std::string describe(const HeadOutcome& outcome) {
  if (const auto* refusal = std::get_if<Refusal>(&outcome)) {
    return "refused " + std::to_string(static_cast<int>(*refusal));
  }
  const auto* head = std::get_if<ParsedHead>(&outcome);
  if (head == nullptr) return "more";
  const Request& request = head->request;
  std::string text = request.method_text + " " + request.path + "?" + request.query + " 1." +
                     std::to_string(request.version_minor);
  text += request.keep_alive ? " keep" : " close";
  if (request.expects_continue) text += " continue";
  text += " framing " + std::to_string(static_cast<int>(request.framing.kind)) + ":" +
          std::to_string(request.framing.length);
  for (const auto& [name, value] : request.headers) {
    text.append(" [").append(name).append("=").append(value).append("]");
  }
  return text + " took " + std::to_string(head->consumed);
}

/// A beginning of some bytes may be unfinished or lead to the same answer as the
/// whole: the network's cuts must not decide anything.
inline bool is_consistent(const HeadOutcome& beginning, std::size_t length,
                          const HeadOutcome& whole) {
  const auto* head = std::get_if<ParsedHead>(&whole);
  if (head != nullptr && length < head->consumed) return describe(beginning) == "more";
  if (head == nullptr && std::holds_alternative<NeedMore>(beginning)) return true;
  return describe(beginning) == describe(whole);
}

}  // namespace shale::http

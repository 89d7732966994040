#include "server/cli/password_prompt.h"

#include <iostream>

#include <unistd.h>

#include <termios.h>

namespace shale::cli {
namespace {

/// A terminal that does not show what is typed.
class Silence {
 public:
  Silence() : changed_(::tcgetattr(STDIN_FILENO, &before_) == 0) {
    if (!changed_) return;
    ::termios silent = before_;
    silent.c_lflag &= ~static_cast<::tcflag_t>(ECHO);
    ::tcsetattr(STDIN_FILENO, TCSAFLUSH, &silent);
  }
  ~Silence() {
    if (changed_) ::tcsetattr(STDIN_FILENO, TCSAFLUSH, &before_);
  }
  Silence(const Silence&) = delete;
  Silence& operator=(const Silence&) = delete;

 private:
  ::termios before_{};
  bool changed_;
};

std::optional<std::string> read_line() {
  std::string line;
  if (!std::getline(std::cin, line)) return std::nullopt;
  if (line.ends_with('\r')) line.pop_back();
  return line;
}

std::optional<std::string> prompted(const std::string& prompt) {
  std::cerr << prompt << ": " << std::flush;
  const Silence silence;
  auto line = read_line();
  std::cerr << '\n';
  return line;
}

}  // namespace

std::optional<std::string> ask_password(const std::string& prompt) {
  if (::isatty(STDIN_FILENO) == 0) return read_line();
  auto first = prompted(prompt);
  const auto second = prompted("The same again");
  return first && first == second ? first : std::nullopt;
}

std::optional<std::string> read_password(const std::string& prompt) {
  return ::isatty(STDIN_FILENO) == 0 ? read_line() : prompted(prompt);
}

}  // namespace shale::cli

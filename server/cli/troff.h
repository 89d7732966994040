#pragma once

#include <string>
#include <string_view>

namespace shale::cli {

/// A page of the manual being written, in the macros of man(7). Text is plain: what it
/// has of troff's own characters is shown and not obeyed; what stands in backquotes is bold.
class Troff {
 public:
  Troff(std::string_view name, int section, std::string_view version);

  void heading(std::string_view text);
  void subheading(std::string_view text);
  /// Paragraphs, with a blank line between them.
  void text(std::string_view paragraphs);
  /// A term, which is troff already (`bold`, `italic`), and what it is.
  void item(const std::string& term, std::string_view meaning);
  /// A line, which is troff already.
  void line(const std::string& troff);
  /// What follows begins on a new line.
  void next_line();
  /// Lines that stay as they are.
  void example(std::string_view lines);

  const std::string& str() const noexcept { return page_; }

  static std::string plain(std::string_view text);
  static std::string bold(std::string_view text);
  static std::string italic(std::string_view text);

 private:
  void paragraph();

  std::string page_;
};

}  // namespace shale::cli

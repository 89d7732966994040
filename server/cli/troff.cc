#include "server/cli/troff.h"

#include <algorithm>

namespace shale::cli {
namespace {

/// A line that begins so would be a request.
bool looks_like_request(std::string_view line) {
  return line.starts_with('.') || line.starts_with('\'');
}

std::string upper(std::string_view text) {
  std::string big(text);
  std::ranges::transform(big, big.begin(), [](char c) {
    return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  });
  return big;
}

/// Bold where backquotes say so.
std::string marked_up(std::string_view text) {
  std::string out;
  for (bool bold = false; !text.empty(); bold = !bold) {
    const std::size_t end = std::min(text.find('`'), text.size());
    const std::string_view part = text.substr(0, end);
    out += bold ? Troff::bold(part) : Troff::plain(part);
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return out;
}

}  // namespace

Troff::Troff(std::string_view name, int section, std::string_view version) {
  page_ = ".TH " + plain(upper(name)) + ' ' + std::to_string(section) + R"( "" "Shale )" +
          std::string(version) + "\" \"Shale\"\n";
}

void Troff::heading(std::string_view text) {
  page_ += ".SH " + plain(upper(text)) + '\n';
}

void Troff::subheading(std::string_view text) {
  page_ += ".SS " + plain(text) + '\n';
}

void Troff::text(std::string_view paragraphs) {
  while (!paragraphs.empty()) {
    const std::size_t end = std::min(paragraphs.find("\n\n"), paragraphs.size());
    paragraph();
    line(marked_up(paragraphs.substr(0, end)));
    paragraphs.remove_prefix(std::min(end + 2, paragraphs.size()));
  }
}

void Troff::paragraph() {
  // A heading begins one by itself.
  const std::string_view page = page_;
  const std::string_view last = page.substr(page.rfind('\n', page.size() - 2) + 1);
  if (!last.starts_with(".SH ") && !last.starts_with(".SS ")) page_ += ".PP\n";
}

void Troff::item(const std::string& term, std::string_view meaning) {
  page_ += ".TP\n" + term + '\n';
  line(marked_up(meaning));
}

void Troff::line(const std::string& troff) {
  std::string_view rest = troff;
  while (!rest.empty()) {
    const std::size_t end = std::min(rest.find('\n'), rest.size());
    const std::string_view line = rest.substr(0, end);
    if (looks_like_request(line)) page_ += "\\&";
    page_ += line;
    page_ += '\n';
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
}

void Troff::next_line() {
  page_ += ".br\n";
}

void Troff::example(std::string_view lines) {
  paragraph();
  page_ += ".nf\n";
  line(plain(lines));
  page_ += ".fi\n";
}

std::string Troff::plain(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '\\') {
      out += "\\e";
    } else if (c == '-') {
      out += "\\-";
    } else {
      out += c;
    }
  }
  return out;
}

std::string Troff::bold(std::string_view text) {
  return "\\fB" + plain(text) + "\\fR";
}

std::string Troff::italic(std::string_view text) {
  return "\\fI" + plain(text) + "\\fR";
}

}  // namespace shale::cli

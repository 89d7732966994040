#include "tests/crash/power_state.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <fstream>
#include <optional>
#include <vector>

namespace shale::testing::power {
namespace {

constexpr std::uint64_t kPage = 4096;

/// What was done to one node, in order; how many of it are certain to last, and
/// how many do.
struct Life {
  std::vector<const Operation*> done;
  std::vector<Position> at;
  std::size_t certain = 0;
  std::size_t kept = 0;
};

class PowerCut {
 public:
  PowerCut(const Record& record, Position cut, Fate fate, std::mt19937_64& random)
      : record_(record), fate_(fate), random_(random), lives_(record.nodes.size()) {
    for (Position at = 0; at < cut; ++at)
      enter(at);
    for (Node node = 0; node < lives_.size(); ++node) {
      if (record.nodes[node] == Record::Kind::kDirectory) {
        Life& life = lives_[node];
        life.kept = moment(fate_, life.certain, life.done.size());
      }
    }
    join_renames();
  }

  Disk disk() {
    Disk disk;
    add(kRoot, "", disk);
    return disk;
  }

 private:
  void enter(Position at) {
    const Operation& done = record_.operations[at];
    Life& life = lives_[done.node];
    if (done.kind == Operation::Kind::kSynced) {
      const auto covered = std::ranges::lower_bound(life.at, done.since) - life.at.begin();
      life.certain = std::max(life.certain, static_cast<std::size_t>(covered));
      return;
    }
    life.done.push_back(&done);
    life.at.push_back(at);
    if (done.kind == Operation::Kind::kRename && done.to != done.node) {
      lives_[done.to].done.push_back(&done);
      lives_[done.to].at.push_back(at);
      moves_.push_back(at);
    }
  }

  /// A moment from `first` to `last`, both included.
  std::size_t moment(Fate fate, std::size_t first, std::size_t last) {
    switch (fate) {
      case Fate::kNothing:
        return first;
      case Fate::kEverything:
        return last;
      case Fate::kSome:
        break;
    }
    return std::uniform_int_distribution<std::size_t>(first, last)(random_);
  }

  static std::size_t kept_at(const Life& life, Position at) {
    return static_cast<std::size_t>(std::ranges::upper_bound(life.at, at) - life.at.begin());
  }

  /// What one directory kept of a rename, the other one keeps, with all before it.
  void join_renames() {
    for (bool changed = true; changed;) {
      changed = false;
      for (const Position at : moves_) {
        const Operation& done = record_.operations[at];
        Life& from = lives_[done.node];
        Life& to = lives_[done.to];
        const bool left = kept_at(from, at) <= from.kept;
        const bool arrived = kept_at(to, at) <= to.kept;
        if (left == arrived) continue;
        Life& behind = left ? to : from;
        behind.kept = kept_at(behind, at);
        changed = true;
      }
    }
  }

  std::map<std::string, Node> entries(Node directory) const {
    std::map<std::string, Node> entries;
    const Life& life = lives_[directory];
    for (std::size_t i = 0; i < life.kept; ++i) {
      const Operation& done = *life.done[i];
      if (done.kind == Operation::Kind::kEnter) {
        entries[done.name] = done.child;
        continue;
      }
      if (done.node == directory) entries.erase(done.name);
      if (done.kind == Operation::Kind::kRename && done.to == directory) {
        entries[done.to_name] = done.child;
      }
    }
    return entries;
  }

  void add(Node directory, const std::string& path, Disk& disk) {
    for (const auto& [name, child] : entries(directory)) {
      const std::string below = path.empty() ? name : path + "/" + name;
      if (record_.nodes[child] == Record::Kind::kFile) {
        disk.files[below] = content(lives_[child]);
        continue;
      }
      disk.directories.insert(below);
      add(child, below, disk);
    }
  }

  static void write(std::string& content, std::uint64_t offset, std::string_view bytes) {
    if (content.size() < offset + bytes.size()) content.resize(offset + bytes.size(), '\0');
    std::ranges::copy(bytes, content.begin() + static_cast<std::ptrdiff_t>(offset));
  }

  /// Calls `look(page, offset, piece)` with what a write does to each page.
  template <class Look>
  static void each_page(const Operation& write, Look look) {
    std::string_view rest = write.bytes;
    for (std::uint64_t offset = write.offset; !rest.empty();) {
      const std::uint64_t page = offset / kPage;
      const std::string_view piece = rest.substr(0, (page + 1) * kPage - offset);
      look(page, offset, piece);
      rest.remove_prefix(piece.size());
      offset += piece.size();
    }
  }

  /// The moment that each page shows which was written to since the sync, and the
  /// last page that shows anything of that.
  std::pair<std::map<std::uint64_t, std::size_t>, std::uint64_t> choose_pages(const Life& life,
                                                                              Fate fate) {
    std::map<std::uint64_t, std::size_t> moments;
    std::uint64_t last = 0;
    for (std::size_t i = life.certain; i < life.done.size(); ++i) {
      each_page(*life.done[i], [&](std::uint64_t page, std::uint64_t, std::string_view) {
        const auto [shown, first] = moments.try_emplace(page, 0);
        if (first) shown->second = moment(fate, life.certain, life.done.size());
        if (i < shown->second) last = std::max(last, page);
      });
    }
    return {std::move(moments), last};
  }

  std::string certain_content(const Life& life) const {
    std::string content;
    for (std::size_t i = 0; i < life.certain; ++i) {
      const Operation& done = *life.done[i];
      if (done.kind == Operation::Kind::kTruncate) {
        content.resize(done.offset, '\0');
      } else {
        write(content, done.offset, done.bytes);
      }
    }
    return content;
  }

  /// Often a file fares as a whole: all written back, or nothing.
  std::string content(const Life& life) {
    if (fate_ != Fate::kSome) return pages(life, fate_);
    constexpr std::array kFates{Fate::kNothing, Fate::kEverything, Fate::kSome};
    return pages(life, kFates[random_() % kFates.size()]);
  }

  std::string pages(const Life& life, Fate fate) {
    std::string content = certain_content(life);
    const std::size_t certain = content.size();
    const auto [moments, last_page] = choose_pages(life, fate);
    const std::size_t sized = moment(fate, life.certain, life.done.size());
    bool torn = false;
    std::size_t end = certain;  // as the size shows it
    for (std::size_t i = life.certain; i < life.done.size(); ++i) {
      const Operation& done = *life.done[i];
      if (done.kind == Operation::Kind::kTruncate) {
        if (i >= sized) continue;
        content.resize(std::min<std::size_t>(content.size(), done.offset));
        end = done.offset;
        continue;
      }
      if (i < sized) end = std::max<std::size_t>(end, done.offset + done.bytes.size());
      each_page(done, [&](std::uint64_t page, std::uint64_t offset, std::string_view piece) {
        const std::size_t shown = moments.at(page);
        if (i >= shown) return;
        const bool tear = i + 1 == shown && page == last_page;
        const std::size_t kept = tear ? moment(fate, 0, piece.size()) : piece.size();
        torn = torn || kept < piece.size();
        write(content, offset, piece.substr(0, kept));
      });
    }
    // A block that is there already may be said to hold more than has reached it.
    if (!torn && certain % kPage != 0 && end > content.size() &&
        (end - 1) / kPage == (certain - 1) / kPage) {
      content.resize(end, '\0');
    }
    return content;
  }

  const Record& record_;
  const Fate fate_;
  std::mt19937_64& random_;
  std::vector<Life> lives_;
  std::vector<Position> moves_;  ///< renames from one directory to another
};

}  // namespace

Disk after_power_cut(const Record& record, Position cut, Fate fate, std::mt19937_64& random) {
  return PowerCut(record, cut, fate, random).disk();
}

void make(const Disk& disk, const std::filesystem::path& base) {
  for (const std::string& path : disk.directories)
    std::filesystem::create_directory(base / path);
  for (const auto& [path, bytes] : disk.files) {
    std::ofstream file(base / path, std::ios::binary);
    file.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
    file.close();
    if (!file) throw std::filesystem::filesystem_error("cannot write", base / path, {});
  }
}

Record record_of(const Disk& disk) {
  Record record;
  std::map<std::string, Node> directories{{"", kRoot}};
  const auto enter = [&](const std::string& path, Record::Kind kind) {
    const std::filesystem::path name(path);
    const Node child = record.nodes.size();
    record.nodes.push_back(kind);
    record.operations.push_back({.kind = Operation::Kind::kEnter,
                                 .node = directories.at(name.parent_path().string()),
                                 .name = name.filename().string(),
                                 .child = child});
    return child;
  };
  for (const std::string& path : disk.directories)
    directories[path] = enter(path, Record::Kind::kDirectory);
  for (const auto& [path, bytes] : disk.files) {
    const Node file = enter(path, Record::Kind::kFile);
    record.operations.push_back({.kind = Operation::Kind::kWrite, .node = file, .bytes = bytes});
  }
  const Position all = record.operations.size();
  for (Node node = 0; node < record.nodes.size(); ++node)
    record.operations.push_back({.kind = Operation::Kind::kSynced, .node = node, .since = all});
  return record;
}

}  // namespace shale::testing::power

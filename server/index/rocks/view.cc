#include "server/index/rocks/database.h"
#include "server/index/rocks/status.h"

namespace shale::index::rocks {
namespace {

/// The first key behind all that begin with `prefix`; empty: there is none.
std::string end_of_prefix(std::string_view prefix) {
  std::string end(prefix);
  while (!end.empty() && end.back() == '\xff') {
    end.pop_back();
  }
  if (!end.empty()) {
    end.back() = static_cast<char>(static_cast<unsigned char>(end.back()) + 1);
  }
  return end;
}

}  // namespace

View::View(const Database& database, Moment moment) : database_(database) {
  if (moment == Moment::kSnapshot) {
    snapshot_ = database.db().GetSnapshot();
  }
}

View::~View() {
  if (snapshot_ != nullptr) {
    database_.db().ReleaseSnapshot(snapshot_);
  }
}

Result<std::optional<std::string>> View::get(Family family, std::string_view key) const {
  rocksdb::ReadOptions options;
  options.snapshot = snapshot_;
  std::string value;
  const rocksdb::Status status =
      database_.db().Get(options, database_.handle(family), rocksdb::Slice(key), &value);
  if (status.IsNotFound()) {
    return std::optional<std::string>();
  }
  if (!status.ok()) {
    return to_error(status, "reading from " + std::string(name_of(family)));
  }
  return std::optional(std::move(value));
}

Result<bool> View::has(Family family, std::string_view key) const {
  SHALE_TRY_ASSIGN(const std::optional<std::string> value, get(family, key));
  return value.has_value();
}

Scan::Scan(const View& view, Family family, std::string_view prefix, std::string_view from)
    : prefix_size_(prefix.size()),
      lower_(std::string(prefix).append(from)),
      upper_(end_of_prefix(prefix)),
      lower_slice_(lower_),
      upper_slice_(upper_) {
  rocksdb::ReadOptions options;
  options.snapshot = view.snapshot();
  options.iterate_lower_bound = &lower_slice_;
  options.iterate_upper_bound = upper_.empty() ? nullptr : &upper_slice_;
  const Database& database = view.database();
  iterator_.reset(database.db().NewIterator(options, database.handle(family)));
  iterator_->Seek(lower_slice_);
}

Result<void> Scan::status() const {
  const rocksdb::Status status = iterator_->status();
  if (status.ok()) {
    return {};
  }
  return to_error(status, "scanning");
}

}  // namespace shale::index::rocks

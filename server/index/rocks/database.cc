#include "server/index/rocks/database.h"

#include <algorithm>
#include <cassert>
#include <system_error>
#include <vector>

#include <rocksdb/cache.h>
#include <rocksdb/convenience.h>
#include <rocksdb/env.h>

#include "server/index/rocks/codec.h"
#include "server/index/rocks/keys.h"
#include "server/index/rocks/namespaces.h"
#include "server/index/rocks/status.h"
#include "server/index/rocks/tuning.h"

namespace shale::index::rocks {
namespace {

/// The format that this program writes. README.md says when it has to rise.
constexpr std::uint32_t kFormat = 3;

/// For the operator, who reads the message; there is no client yet for a detail.
Error with_words(Errc code, const std::string& message, const std::string& words) {
  return {code, words + " (" + message + ")"};
}

std::string store_at(const RocksOptions& options) {
  return "the metadata store in " + options.path.string();
}

/// RocksDB reports a lock that somebody holds as an I/O error like any other; its
/// two texts (another process, this process) are all there is to know it by.
bool is_locked(const rocksdb::Status& status) {
  const std::string text = status.ToString();
  return status.IsIOError() && (text.find("While lock file") != text.npos ||
                                text.find("lock hold by current process") != text.npos);
}

Error damaged(const RocksOptions& options, const std::string& message) {
  return with_words(Errc::kCorrupt, message,
                    store_at(options) + " is damaged: restore it from a backup");
}

Error open_error(const rocksdb::Status& status, const RocksOptions& options) {
  if (is_locked(status)) {
    return with_words(Errc::kUnavailable, status.ToString(),
                      store_at(options) +
                          " is in use by another process: stop that one, or give this one "
                          "another data directory");
  }
  const Error error = to_error(status, "opening");
  if (error.code == Errc::kCorrupt) {
    return damaged(options, error.message);
  }
  return with_words(error.code, error.message,
                    store_at(options) +
                        " cannot be opened: see that the directory can be written to and that "
                        "the disk has space");
}

/// Whether there is a store, be it an incomplete one.
Result<bool> has_store(const RocksOptions& options) {
  const rocksdb::Status found = env_of(options).FileExists(options.path.string() + "/CURRENT");
  if (found.IsNotFound()) {
    return false;
  }
  return found.ok() ? Result<bool>(true) : open_error(found, options);
}

/// Makes `directory` in `above` if it is missing, and its name durable.
rocksdb::Status make_durable(rocksdb::Env& env, const std::string& above,
                             const std::string& directory) {
  const bool missing = env.FileExists(directory).IsNotFound();
  if (missing) {
    if (auto made = env.CreateDirIfMissing(directory); !made.ok()) {
      return made;
    }
  }
  std::unique_ptr<rocksdb::Directory> parent;
  if (auto opened = env.NewDirectory(above, &parent); !opened.ok()) {
    return missing ? opened : rocksdb::Status::OK();  // closed to us: not of our making
  }
  return parent->Fsync();
}

/// Makes the directory and those above it durably: a power cut must not take the
/// name of a directory whose contents were synced. One that is there may have been
/// made by a process that died before it could sync, so that is done for all.
Result<void> make_directory(const RocksOptions& options) {
  const auto fail = [&](const std::string& why) {
    return with_words(Errc::kIo, why,
                      "the directory " + options.path.string() +
                          " cannot be made: see that the one above it can be written to");
  };
  std::error_code failed;
  // What does not exist would stay relative, without anything above it.
  const auto absolute = std::filesystem::absolute(options.path, failed);
  if (failed) {
    return fail(failed.message());
  }
  const auto whole = std::filesystem::weakly_canonical(absolute, failed);
  if (failed) {
    return fail(failed.message());
  }
  std::filesystem::path above = whole.root_path();
  for (const auto& part : whole.relative_path()) {
    const std::filesystem::path reached = above / part;
    const auto made = make_durable(env_of(options), above.string(), reached.string());
    if (!made.ok()) {
      return fail(made.ToString());
    }
    above = reached;
  }
  return {};
}

/// The families of a store that is there.
Result<std::vector<std::string>> stored_families(const RocksOptions& options) {
  const std::string path = options.path.string();
  std::vector<std::string> names;
  if (const auto status = rocksdb::DB::ListColumnFamilies(database_options(options), path, &names);
      !status.ok()) {
    return open_error(status, options);
  }
  for (const std::string& name : names) {
    if (std::ranges::find(kFamilyNames, name) == kFamilyNames.end()) {
      return with_words(
          Errc::kInvalidArgument, "unknown column family " + name,
          store_at(options) + " was written by a newer version of shale: use that version");
    }
  }
  return names;
}

/// What the format row says; 0 when there is none, for the store was not made
/// completely; or why the store must not be touched.
Result<std::uint32_t> format_of(const Database& database, const RocksOptions& options) {
  SHALE_TRY_ASSIGN(const auto value, View(database).get(Family::kStore, keys::kFormat));
  if (!value) {
    return std::uint32_t{0};
  }
  Decoder decoder(*value);
  const std::uint32_t format = decoder.u32();
  if (!decoder.finished() || format == 0) {
    return damaged(options, "the format row is damaged");
  }
  if (format > kFormat) {
    return with_words(Errc::kInvalidArgument, "format " + std::to_string(format),
                      store_at(options) + " has format " + std::to_string(format) +
                          ", and this version of shale knows formats up to " +
                          std::to_string(kFormat) + ": use the newer version that wrote it");
  }
  return format;
}

/// Whether a store of `format` has to have the family.
bool belongs_to(std::uint32_t format, std::string_view family) {
  constexpr std::array<std::size_t, 3> kFamiliesOf{0, kFamiliesOfFormat1, kFamiliesOfFormat2};
  const auto* const known = std::ranges::find(kFamilyNames, family);
  const auto place = static_cast<std::size_t>(known - kFamilyNames.begin());
  return format >= kFamiliesOf.size() || place < kFamiliesOf.at(format);
}

}  // namespace

Result<std::unique_ptr<Database>> Database::open(const RocksOptions& options) {
  std::vector<std::string> stored{std::string(name_of(Family::kStore))};
  SHALE_TRY_ASSIGN(const bool found, has_store(options));
  if (found) {
    SHALE_TRY_ASSIGN(stored, stored_families(options));
  } else {
    SHALE_TRY(make_directory(options));
  }

  const auto block_cache = rocksdb::NewLRUCache(options.block_cache_bytes, 2);
  std::vector<rocksdb::ColumnFamilyDescriptor> there;
  std::vector<rocksdb::ColumnFamilyDescriptor> missing;
  for (std::size_t family = 0; family < kFamilyNames.size(); ++family) {
    const std::string name(kFamilyNames.at(family));
    const bool is_there = std::ranges::find(stored, name) != stored.end();
    (is_there ? there : missing)
        .emplace_back(name, family_options(static_cast<Family>(family), options, block_cache));
  }

  std::unique_ptr<Database> database(new Database());
  std::vector<rocksdb::ColumnFamilyHandle*> handles;
  rocksdb::DB* db = nullptr;
  rocksdb::DBOptions settings = database_options(options);
  settings.wal_filter = &database->replay_;
  const auto status = rocksdb::DB::Open(settings, options.path.string(), there, &handles, &db);
  if (!status.ok()) {
    return open_error(status, options);
  }
  database->db_.reset(db);
  database->adopt(handles);

  SHALE_TRY_ASSIGN(const std::uint32_t format, format_of(*database, options));
  for (const rocksdb::ColumnFamilyDescriptor& family : missing) {
    if (belongs_to(format, family.name)) {
      return damaged(options, "column family " + family.name + " is missing");
    }
  }
  if (format == 1) {
    SHALE_TRY(upgrade_usage(*database));
  }
  if (format < kFormat) {
    SHALE_TRY(database->complete(missing));
  }
  return database;
}

void Database::adopt(const std::vector<rocksdb::ColumnFamilyHandle*>& handles) {
  for (rocksdb::ColumnFamilyHandle* handle : handles) {
    const auto* const name = std::ranges::find(kFamilyNames, handle->GetName());
    assert(name != kFamilyNames.end());
    handles_.at(static_cast<std::size_t>(name - kFamilyNames.begin())) = handle;
  }
}

/// A crash in here leaves a store without its format row, or with the older one, to be
/// completed next time.
Result<void> Database::complete(const std::vector<rocksdb::ColumnFamilyDescriptor>& missing) {
  if (!missing.empty()) {
    std::vector<rocksdb::ColumnFamilyHandle*> handles;
    const rocksdb::Status status = db_->CreateColumnFamilies(missing, &handles);
    adopt(handles);
    if (!status.ok()) {
      return to_error(status, "making the column families");
    }
  }
  rocksdb::WriteBatch batch;
  const std::string format = Encoder().u32(kFormat).take();
  if (const auto status = batch.Put(handle(Family::kStore), rocksdb::Slice(keys::kFormat), format);
      !status.ok()) {
    return to_error(status, "making the format row");
  }
  SHALE_TRY(write(batch));
  return sync();
}

Database::~Database() {
  if (!db_) {
    return;
  }
  for (rocksdb::ColumnFamilyHandle* handle : handles_) {
    if (handle == nullptr) {
      continue;  // refused while opening
    }
    db_->DestroyColumnFamilyHandle(handle).PermitUncheckedError();
  }
  db_->Close().PermitUncheckedError();
}

Result<void> Database::write(rocksdb::WriteBatch& batch) const {
  const rocksdb::Status status = db_->Write({}, &batch);
  return status.ok() ? Result<void>() : to_error(status, "writing to the log");
}

Result<void> Database::sync() const {
  const rocksdb::Status status = db_->SyncWAL();
  return status.ok() ? Result<void>() : to_error(status, "syncing the log");
}

Result<void> Database::flush() const {
  const rocksdb::Status status = db_->Flush({}, {handles_.begin(), handles_.end()});
  return status.ok() ? Result<void>() : to_error(status, "flushing");
}

}  // namespace shale::index::rocks

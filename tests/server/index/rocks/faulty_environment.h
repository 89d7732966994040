#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include <rocksdb/env.h>
#include <rocksdb/file_system.h>

#include "blobstore/guarded.h"
#include "server/index/rocks/environment.h"

namespace shale::testing {

/// What RocksDB asks of a file system when it changes something or makes it last.
enum class RocksCall : std::uint8_t {
  kCreate,
  kAppend,
  kSync,
  kRename,
  kDelete,
  kDirectory,
  kCount
};

/// When which of them fails, shared by all open files. Thread-safe.
class RocksFaults {
 public:
  enum class Kind : std::uint8_t { kIo, kNoSpace };

  /// The `nth` such call from now on, and, unless `once`, all that follow it. An
  /// append that fails writes half of its bytes first.
  void fail_from(RocksCall call, int nth, Kind kind, bool once = false) {
    auto state = state_.lock();
    state->faults = {};
    state->faults.at(static_cast<std::size_t>(call)) = {
        .kind = kind, .left = nth - 1, .once = once};
    state->injected = 0;
  }
  void mend() { state_.lock()->faults = {}; }
  int injected() const { return state_.lock()->injected; }

  rocksdb::IOStatus strike(RocksCall call) {
    auto state = state_.lock();
    auto& fault = state->faults.at(static_cast<std::size_t>(call));
    if (!fault || fault->left-- > 0) return rocksdb::IOStatus::OK();
    ++state->injected;
    const Kind kind = fault->kind;
    if (fault->once) fault.reset();
    return kind == Kind::kIo ? rocksdb::IOStatus::IOError("injected")
                             : rocksdb::IOStatus::NoSpace("injected");
  }

 private:
  struct Fault {
    Kind kind = Kind::kIo;
    int left = 0;  ///< calls that go well before it
    bool once = false;
  };
  struct State {
    std::array<std::optional<Fault>, static_cast<std::size_t>(RocksCall::kCount)> faults;
    int injected = 0;
  };

  mutable Guarded<State> state_;
};

/// RocksDB's own environment on a disk that fails at will.
class FaultyEnvironment {
 public:
  RocksFaults faults;

  index::rocks::Environment& get() { return environment_; }

 private:
  using Options = rocksdb::IOOptions;
  using Context = rocksdb::IODebugContext;
  using Answer = rocksdb::IOStatus;

  class Writable final : public rocksdb::FSWritableFileOwnerWrapper {
   public:
    Writable(std::unique_ptr<rocksdb::FSWritableFile> file, RocksFaults& faults)
        : FSWritableFileOwnerWrapper(std::move(file)), faults_(faults) {}

    Answer Append(const rocksdb::Slice& data, const Options& options, Context* context) override {
      if (auto failed = faults_.strike(RocksCall::kAppend); !failed.ok()) {
        target()->Append({data.data(), data.size() / 2}, options, context).PermitUncheckedError();
        return failed;
      }
      return target()->Append(data, options, context);
    }
    Answer Append(const rocksdb::Slice& data, const Options& options,
                  const rocksdb::DataVerificationInfo&, Context* context) override {
      return Append(data, options, context);
    }
    Answer Sync(const Options& options, Context* context) override {
      const auto failed = faults_.strike(RocksCall::kSync);
      return failed.ok() ? target()->Sync(options, context) : failed;
    }
    Answer Fsync(const Options& options, Context* context) override {
      const auto failed = faults_.strike(RocksCall::kSync);
      return failed.ok() ? target()->Fsync(options, context) : failed;
    }

   private:
    RocksFaults& faults_;
  };

  class Directory final : public rocksdb::FSDirectoryWrapper {
   public:
    Directory(std::unique_ptr<rocksdb::FSDirectory> directory, RocksFaults& faults)
        : FSDirectoryWrapper(std::move(directory)), faults_(faults) {}

    Answer Fsync(const Options& options, Context* context) override {
      const auto failed = faults_.strike(RocksCall::kSync);
      return failed.ok() ? FSDirectoryWrapper::Fsync(options, context) : failed;
    }
    Answer FsyncWithDirOptions(const Options& options, Context* context,
                               const rocksdb::DirFsyncOptions& how) override {
      const auto failed = faults_.strike(RocksCall::kSync);
      return failed.ok() ? FSDirectoryWrapper::FsyncWithDirOptions(options, context, how) : failed;
    }

   private:
    RocksFaults& faults_;
  };

  class Files final : public rocksdb::FileSystemWrapper {
   public:
    explicit Files(RocksFaults& faults)
        : FileSystemWrapper(rocksdb::FileSystem::Default()), faults_(faults) {}

    const char* Name() const override { return "FaultyEnvironment"; }

    Answer NewWritableFile(const std::string& name, const rocksdb::FileOptions& options,
                           std::unique_ptr<rocksdb::FSWritableFile>* file,
                           Context* context) override {
      if (auto failed = faults_.strike(RocksCall::kCreate); !failed.ok()) return failed;
      Answer done = target()->NewWritableFile(name, options, file, context);
      if (done.ok()) *file = std::make_unique<Writable>(std::move(*file), faults_);
      return done;
    }
    Answer NewDirectory(const std::string& name, const Options& options,
                        std::unique_ptr<rocksdb::FSDirectory>* directory,
                        Context* context) override {
      Answer done = target()->NewDirectory(name, options, directory, context);
      if (done.ok()) *directory = std::make_unique<Directory>(std::move(*directory), faults_);
      return done;
    }
    Answer RenameFile(const std::string& from, const std::string& to, const Options& options,
                      Context* context) override {
      const auto failed = faults_.strike(RocksCall::kRename);
      return failed.ok() ? target()->RenameFile(from, to, options, context) : failed;
    }
    Answer DeleteFile(const std::string& name, const Options& options, Context* context) override {
      const auto failed = faults_.strike(RocksCall::kDelete);
      return failed.ok() ? target()->DeleteFile(name, options, context) : failed;
    }
    Answer CreateDir(const std::string& name, const Options& options, Context* context) override {
      const auto failed = faults_.strike(RocksCall::kDirectory);
      return failed.ok() ? target()->CreateDir(name, options, context) : failed;
    }
    Answer CreateDirIfMissing(const std::string& name, const Options& options,
                              Context* context) override {
      const auto failed = faults_.strike(RocksCall::kDirectory);
      return failed.ok() ? target()->CreateDirIfMissing(name, options, context) : failed;
    }

   private:
    RocksFaults& faults_;
  };

  const std::unique_ptr<rocksdb::Env> env_ =
      rocksdb::NewCompositeEnv(std::make_shared<Files>(faults));
  index::rocks::Environment environment_{*env_};
};

}  // namespace shale::testing

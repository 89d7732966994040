#include "tests/crash/power_rocks_files.h"

#include <string>
#include <utility>

namespace shale::testing::power {
namespace {

using rocksdb::FileOptions;
using rocksdb::IODebugContext;
using rocksdb::IOOptions;
using rocksdb::IOStatus;
using rocksdb::Slice;

/// A file that is written from its start to its end, as all of RocksDB's are.
class WritableFile final : public rocksdb::FSWritableFileOwnerWrapper {
 public:
  WritableFile(std::unique_ptr<rocksdb::FSWritableFile> file, Journal& journal, Node node)
      : FSWritableFileOwnerWrapper(std::move(file)), journal_(journal), node_(node) {}

  IOStatus Append(const Slice& data, const IOOptions& options, IODebugContext* debug) override {
    return write(end_, data, [&] { return target()->Append(data, options, debug); });
  }
  IOStatus Append(const Slice& data, const IOOptions& options,
                  const rocksdb::DataVerificationInfo& /*checksum*/,
                  IODebugContext* debug) override {
    return Append(data, options, debug);
  }
  IOStatus PositionedAppend(const Slice& data, std::uint64_t offset, const IOOptions& options,
                            IODebugContext* debug) override {
    return write(offset, data,
                 [&] { return target()->PositionedAppend(data, offset, options, debug); });
  }
  IOStatus PositionedAppend(const Slice& data, std::uint64_t offset, const IOOptions& options,
                            const rocksdb::DataVerificationInfo& /*checksum*/,
                            IODebugContext* debug) override {
    return PositionedAppend(data, offset, options, debug);
  }
  IOStatus Truncate(std::uint64_t size, const IOOptions& options, IODebugContext* debug) override {
    return journal_.change([&](Tree& tree) {
      IOStatus done = target()->Truncate(size, options, debug);
      if (done.ok()) tree.truncate(node_, end_ = size);
      return done;
    });
  }
  IOStatus Sync(const IOOptions& /*options*/, IODebugContext* /*debug*/) override {
    journal_.sync(node_);
    return IOStatus::OK();
  }
  IOStatus Fsync(const IOOptions& options, IODebugContext* debug) override {
    return Sync(options, debug);
  }
  /// Begins to write back, which promises nothing.
  IOStatus RangeSync(std::uint64_t /*offset*/, std::uint64_t /*size*/, const IOOptions& /*options*/,
                     IODebugContext* /*debug*/) override {
    return IOStatus::OK();
  }

 private:
  template <class Real>
  IOStatus write(std::uint64_t offset, const Slice& data, Real real) {
    return journal_.change([&](Tree& tree) {
      IOStatus done = real();
      if (done.ok()) {
        tree.write(node_, offset, data.ToStringView());
        end_ = offset + data.size();
      }
      return done;
    });
  }

  Journal& journal_;
  const Node node_;
  std::uint64_t end_ = 0;
};

class Directory final : public rocksdb::FSDirectoryWrapper {
 public:
  Directory(std::unique_ptr<rocksdb::FSDirectory> directory, Journal& journal, Node node)
      : FSDirectoryWrapper(std::move(directory)), journal_(journal), node_(node) {}

  IOStatus Fsync(const IOOptions& /*options*/, IODebugContext* /*debug*/) override {
    journal_.sync(node_);
    return IOStatus::OK();
  }
  IOStatus FsyncWithDirOptions(const IOOptions& options, IODebugContext* debug,
                               const rocksdb::DirFsyncOptions& /*reason*/) override {
    return Fsync(options, debug);
  }

 private:
  Journal& journal_;
  const Node node_;
};

class Files final : public rocksdb::FileSystemWrapper {
 public:
  explicit Files(Journal& journal)
      : FileSystemWrapper(rocksdb::FileSystem::Default()), journal_(journal) {}

  const char* Name() const override { return "shale-journal"; }

  IOStatus NewWritableFile(const std::string& name, const FileOptions& options,
                           std::unique_ptr<rocksdb::FSWritableFile>* file,
                           IODebugContext* debug) override {
    return journal_.change([&](Tree& tree) {
      IOStatus done = target()->NewWritableFile(name, options, file, debug);
      const auto place = tree.place(name);
      if (!done.ok() || !place) return done;
      auto node = tree.at(*place);
      if (node) {
        tree.truncate(*node, 0);
      } else {
        node = tree.enter(*place, Record::Kind::kFile);
      }
      *file = std::make_unique<WritableFile>(std::move(*file), journal_, *node);
      return done;
    });
  }
  // Ways to write that the store does not use; were it to, the record would lack them.
  IOStatus ReopenWritableFile(const std::string& name, const FileOptions& /*options*/,
                              std::unique_ptr<rocksdb::FSWritableFile>* /*file*/,
                              IODebugContext* /*debug*/) override {
    return not_recorded(name);
  }
  IOStatus ReuseWritableFile(const std::string& name, const std::string& /*old*/,
                             const FileOptions& /*options*/,
                             std::unique_ptr<rocksdb::FSWritableFile>* /*file*/,
                             IODebugContext* /*debug*/) override {
    return not_recorded(name);
  }
  IOStatus NewRandomRWFile(const std::string& name, const FileOptions& /*options*/,
                           std::unique_ptr<rocksdb::FSRandomRWFile>* /*file*/,
                           IODebugContext* /*debug*/) override {
    return not_recorded(name);
  }
  IOStatus NewMemoryMappedFileBuffer(
      const std::string& name,
      std::unique_ptr<rocksdb::MemoryMappedFileBuffer>* /*file*/) override {
    return not_recorded(name);
  }
  IOStatus Truncate(const std::string& name, std::size_t /*size*/, const IOOptions& /*options*/,
                    IODebugContext* /*debug*/) override {
    return not_recorded(name);
  }
  IOStatus LinkFile(const std::string& name, const std::string& /*to*/,
                    const IOOptions& /*options*/, IODebugContext* /*debug*/) override {
    return not_recorded(name);
  }
  IOStatus DeleteDir(const std::string& name, const IOOptions& /*options*/,
                     IODebugContext* /*debug*/) override {
    return not_recorded(name);
  }

  IOStatus NewDirectory(const std::string& name, const IOOptions& options,
                        std::unique_ptr<rocksdb::FSDirectory>* directory,
                        IODebugContext* debug) override {
    return journal_.change([&](Tree& tree) {
      IOStatus done = target()->NewDirectory(name, options, directory, debug);
      const auto node = tree.find(name);
      if (done.ok() && node) {
        *directory = std::make_unique<Directory>(std::move(*directory), journal_, *node);
      }
      return done;
    });
  }
  IOStatus CreateDir(const std::string& name, const IOOptions& options,
                     IODebugContext* debug) override {
    return journal_.change([&](Tree& tree) {
      IOStatus done = target()->CreateDir(name, options, debug);
      const auto place = tree.place(name);
      if (done.ok() && place) tree.enter(*place, Record::Kind::kDirectory);
      return done;
    });
  }
  IOStatus CreateDirIfMissing(const std::string& name, const IOOptions& options,
                              IODebugContext* debug) override {
    return journal_.change([&](Tree& tree) {
      IOStatus done = target()->CreateDirIfMissing(name, options, debug);
      const auto place = tree.place(name);
      if (done.ok() && place && !tree.at(*place)) tree.enter(*place, Record::Kind::kDirectory);
      return done;
    });
  }
  IOStatus DeleteFile(const std::string& name, const IOOptions& options,
                      IODebugContext* debug) override {
    return journal_.change([&](Tree& tree) {
      IOStatus done = target()->DeleteFile(name, options, debug);
      const auto place = tree.place(name);
      if (done.ok() && place && tree.at(*place)) tree.remove(*place);
      return done;
    });
  }
  IOStatus RenameFile(const std::string& from, const std::string& to, const IOOptions& options,
                      IODebugContext* debug) override {
    return journal_.change([&](Tree& tree) {
      IOStatus done = target()->RenameFile(from, to, options, debug);
      const auto source = tree.place(from);
      const auto target_place = tree.place(to);
      if (done.ok() && source && target_place && tree.at(*source)) {
        tree.rename(*source, *target_place);
      }
      return done;
    });
  }

 private:
  static IOStatus not_recorded(const std::string& name) {
    return IOStatus::NotSupported("the journal does not record this", name);
  }

  Journal& journal_;
};

}  // namespace

std::shared_ptr<rocksdb::FileSystem> rocks_files(Journal& journal) {
  return std::make_shared<Files>(journal);
}

}  // namespace shale::testing::power

#pragma once

#include <atomic>
#include <cstddef>
#include <utility>

namespace shale::net {

/// Bounds what all connections together keep in memory for the bodies of requests
/// and answers. Whoever wants more than is left has to do with less, or refuses
/// the request. Thread-safe.
class MemoryBudget {
 public:
  explicit MemoryBudget(std::size_t bytes) : half_(bytes / 2), left_(bytes) {}

  /// What one request has of the budget; gives it back when destroyed. Must not
  /// outlive the budget. One thread at a time.
  class Share {
   public:
    Share() = default;
    explicit Share(MemoryBudget& budget) : budget_(&budget) {}
    Share(Share&& other) noexcept
        : budget_(std::exchange(other.budget_, nullptr)), bytes_(std::exchange(other.bytes_, 0)) {}
    Share& operator=(Share&& other) noexcept {
      std::swap(budget_, other.budget_);
      std::swap(bytes_, other.bytes_);
      return *this;
    }
    ~Share() {
      if (budget_ != nullptr) budget_->left_ += bytes_;
    }

    /// Takes `bytes` more. False, with nothing taken, when so much is not left.
    [[nodiscard]] bool take(std::size_t bytes) { return take_leaving(0, bytes); }
    /// The same for who can do with less: half of the budget stays for those who cannot.
    [[nodiscard]] bool take_spare(std::size_t bytes) { return take_leaving(budget_->half_, bytes); }

   private:
    bool take_leaving(std::size_t rest, std::size_t bytes) {
      if (!budget_->take_leaving(rest, bytes)) return false;
      bytes_ += bytes;
      return true;
    }

    MemoryBudget* budget_ = nullptr;
    std::size_t bytes_ = 0;
  };

  std::size_t left() const noexcept { return left_.load(); }

 private:
  bool take_leaving(std::size_t rest, std::size_t bytes) {
    std::size_t left = left_.load();
    while (left >= bytes && left - bytes >= rest) {
      if (left_.compare_exchange_weak(left, left - bytes)) return true;
    }
    return false;
  }

  const std::size_t half_;
  std::atomic<std::size_t> left_;
};

}  // namespace shale::net

#pragma once

#include "server/index/metadata_store.h"

namespace shale::index {

/// Gathers one page of referrers by the rules of a `ReferrersQuery`: what passes
/// the filter, at most `max_items` and about `max_bytes`, but always one row, so
/// that paging comes to an end. Every store fills its pages with it.
class ReferrerPage {
 public:
  /// `query` must outlive this.
  explicit ReferrerPage(const ReferrersQuery& query) : query_(query) {}

  /// Offers the next row in order. False once the page is full and a further row
  /// is known, so that nothing more need be offered.
  bool offer(Referrer referrer);

  Page<Referrer> take() && { return std::move(page_); }

 private:
  const ReferrersQuery& query_;
  Page<Referrer> page_;
  std::size_t bytes_ = 0;
};

}  // namespace shale::index

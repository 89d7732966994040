#pragma once

#include "server/api/call.h"
#include "server/http/application.h"

namespace shale::api {

// One file for each resource. HEAD shares the handler of GET where what it
// costs is the same; `net` leaves the body out.

Result<http::Response> get_base(const Call& call);

Result<http::Response> get_catalog(const Call& call);
Result<http::Response> get_tags(const Call& call);
Result<http::Response> get_referrers(const Call& call);

Result<http::Response> get_manifest(const Call& call);
Result<http::Response> head_manifest(const Call& call);
Result<http::Response> put_manifest(const Call& call);
Result<http::Response> delete_manifest(const Call& call);

// deletions.cc
Result<http::Response> post_remove(const Call& call);
Result<http::Response> post_restore(const Call& call);
Result<http::Response> get_deleted(const Call& call);
Result<http::Response> post_deleted_drop(const Call& call);

// retention.cc
Result<http::Response> get_rules(const Call& call);
Result<http::Response> post_retention_run(const Call& call);

Result<http::Response> get_blob(const Call& call);
Result<http::Response> head_blob(const Call& call);
Result<http::Response> delete_blob(const Call& call);

Result<http::Response> get_upload(const Call& call);
Result<http::Response> delete_upload(const Call& call);
Result<http::Opened> post_uploads(const Call& call);
Result<http::Opened> patch_upload(const Call& call);
Result<http::Opened> put_upload(const Call& call);

// Of the whole registry: collection.cc.
Result<http::Response> get_collection(const Call& call);
Result<http::Response> post_collection_run(const Call& call);
// The same: scrub.cc.
Result<http::Response> get_scrub(const Call& call);
Result<http::Response> post_scrub(const Call& call);
// Where the space is: usage.cc.
Result<http::Response> get_usage(const Call& call);
Result<http::Response> get_repository_usage(const Call& call);
Result<http::Response> get_layers(const Call& call);
Result<http::Response> get_images(const Call& call);
Result<http::Response> get_quotas(const Call& call);

// The server as a whole: health.cc.
Result<http::Response> get_live(const Call& call);
Result<http::Response> get_ready(const Call& call);
Result<http::Response> get_metrics(const Call& call);
// Likewise: operations.cc.
Result<http::Response> get_status(const Call& call);
Result<http::Response> post_reload(const Call& call);
Result<http::Response> get_read_only(const Call& call);
Result<http::Response> post_read_only(const Call& call);
Result<http::Response> get_log_level(const Call& call);
Result<http::Response> post_log_level(const Call& call);

// The contract itself: contract.cc.
Result<http::Response> get_contract(const Call& call);

// Where there is authentication: tokens.cc.
Result<http::Response> get_token(const Call& call);
Result<http::Response> post_token(const Call& call);
Result<http::Response> get_keys(const Call& call);
Result<http::Response> post_revoke(const Call& call);
Result<http::Response> post_tokens_revoke(const Call& call);

// Likewise: robots.cc.
Result<http::Response> get_robots(const Call& call);
Result<http::Response> post_robots(const Call& call);
Result<http::Response> get_robot(const Call& call);
Result<http::Response> delete_robot(const Call& call);
Result<http::Response> post_robot_secret(const Call& call);

// Tags with a past: tags.cc.
Result<http::Response> get_past_tags(const Call& call);
Result<http::Response> get_past_tag(const Call& call);
Result<http::Response> get_tag_history(const Call& call);
Result<http::Response> post_tag_rollback(const Call& call);
Result<http::Response> post_tag_restore(const Call& call);

}  // namespace shale::api

#pragma once

#include <chrono>
#include <vector>

#include "blobstore/blob_store.h"
#include "blobstore/result.h"
#include "server/api/operations.h"
#include "server/index/engine_report.h"
#include "server/net/certificates.h"

namespace shale::cli {

// What makes a server unfit to be sent requests, each with what to do. Whoever can connect may
// read it, so it names no place on this machine and quotes no error.

api::HealthCheck check_metadata(const index::EngineReport& engine);
/// Under its reserve the disk takes no uploads.
api::HealthCheck check_disk(const Result<Space>& space);
/// `expiries` is not empty. An expired one keeps all clients away that verify it, and those of
/// other certificates not.
api::HealthCheck check_certificates_in_force(const std::vector<net::CertificateExpiry>& expiries,
                                             std::chrono::system_clock::time_point now);

}  // namespace shale::cli

#pragma once

namespace shale::cli {

/// Raises the limit of open files as far as we may, and returns below which number descriptors are
/// for connections, uploads and downloads, which take one each. Throws when there are too few.
int share_descriptors();

/// Makes the heap give back what a burst took. Large blocks are mapped one by one
/// (left alone, glibc raises the threshold to the largest it saw freed), and few
/// arenas keep what is free from being scattered over one for each thread. To be
/// called while there is one thread only.
void bound_heap();

}  // namespace shale::cli

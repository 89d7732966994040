#include "server/cli/prose.h"

#include <algorithm>
#include <array>

namespace shale::cli {
namespace {

constexpr auto kProse = std::to_array<Prose>({
    {"",
     R"(It speaks the OCI distribution protocol over HTTP/1.1, so that docker, podman, containerd, helm,
oras and others can push to it and pull from it. Without any configuration `shale serve` listens
on 127.0.0.1:5000 and keeps its data in ./data.)"},

    {"serve",
     R"(SIGTERM and SIGINT end it; requests under way have `timeouts.drain` to end first. SIGHUP does what
`shale reload` does, and one line of the log says what was taken over or what is wrong. Users,
policy and certificates are also read again when their files change; one that is wrong leaves
those before it in force.

Started by systemd with Type=notify, it says when it is ready, reloading and stopping.)"},

    {"check-config",
     R"(Reports everything that is wrong with the configuration, or prints the one that is in force; as a
table, with the source of each value.)"},

    {"tls self-signed",
     R"(Makes a certificate that vouches for itself and its key, shale.crt and shale.key, for the hosts
that are given, and tells how shale, curl and docker use them. Files that are there are not
written over.)"},

    {"user",
     R"(The file is the one that `auth.htpasswd` or `--file` names. A password is asked for on a
terminal, and read from standard input elsewhere; it never comes from the command line.)"},

    {"robot",
     R"(At the server that is running, which is found by `--data-dir`, the configuration, or `--socket`,
the path of its control socket; only its own user and root get in there. A new secret goes to
standard output, once.)"},

    {"tag",
     R"(At the server that is running. A time is one of RFC 3339, or how long ago, such as 2h or 3d. Of
`show`, `rollback` and `restore` the digest goes to standard output.)"},

    {"tag rollback",
     R"(The rollback is a move of its own, so that a second one leads back to where the tag was.)"},

    {"tag restore",
     R"(A manifest that was deleted comes back with its tag, as long as the history of the repository
keeps it.)"},

    {"rm",
     R"(REPOSITORY:TAG goes with all that only it keeps, REPOSITORY@DIGEST is one manifest, and with
`--all` everything in REPOSITORY goes. What was removed can be had back for as long as the history
of the repository says, unless it went `--for-good`.)"},

    {"history drop", R"(Lets one manifest, or with `--all` all of it, go for good.)"},

    {"repository restore", R"(Brings back what the last deletion in the repository took.)"},

    {"gc run",
     R"(Frees what nothing refers to and whose lease has ended, which the server does by itself every
second. A client that was just told that something is here has a lease on it.)"},

    {"scrub run",
     R"(Compares everything with its digest. Damaged blobs are set aside; the next push of the same digest
heals them. With `--wait` it returns when it is over, and with 0 only if all is well. The server
does the same by itself once a day, at `storage.scrub_rate`.)"},

    {"scrub status", R"(Says how far a scrub is, or what the last one found.)"},

    {"fsck",
     R"(To be run while no server does. Ends with one line of proof, or with what is wrong and exit code 1.
It changes nothing without `--repair`, which rebuilds edges, links, tags and counters from the
manifests, sets damaged blobs aside, removes what nothing refers to, and proves again.)"},

    {"usage",
     R"(Of the whole store, of a repository, or of a namespace. Logical bytes count each blob and manifest
once for each repository that has it; unique is what no other repository has.)"},

    {"image find",
     R"(Takes one of `--layer` and `--base`. Images are built on another when they begin with its layers,
or name it in the annotation org.opencontainers.image.base.digest.)"},

    {"retention run",
     R"(At the server that is running, in the repositories of that name or pattern, or in all.)"},

    {"policy test", R"(Ends with 1 when the policy denies it.)"},

    {"completion",
     R"(For this shell alone: `source <(shale completion bash)`. For good, where the package of Shale has
not put it there already:

`shale completion bash >/usr/share/bash-completion/completions/shale`

`shale completion zsh >/usr/share/zsh/vendor-completions/_shale`

`shale completion fish >/usr/share/fish/vendor_completions.d/shale.fish`)"},

    {"man",
     R"(`shale man tag | man -l -` shows the page of `shale tag`, and `shale man shale.yaml | man -l -`
that of the configuration.)"},
});

}  // namespace

std::span<const Prose> all_prose() {
  return kProse;
}

std::string_view prose_of(std::string_view path) {
  const auto* found = std::ranges::find(kProse, path, &Prose::path);
  return found == kProse.end() ? std::string_view() : found->text;
}

}  // namespace shale::cli

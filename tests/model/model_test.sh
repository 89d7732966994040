#!/usr/bin/env bash
# The model test against a real binary: random sequences of every API call, each answer compared with the model's.
# Arguments: the registry (shale or Debian's docker-registry) and registry_against_model.
source "$(dirname "$0")/../e2e/lib/scenario.sh"
source "$LIB/server.sh"

against_model=$2
if [[ $1 == docker-registry ]]; then
  require_command docker-registry
  BINARY=$(command -v docker-registry)
fi

start_server
it "answers as the model says, whatever is asked"
"$against_model" "${BINARY##*/}" "$REGISTRY"
stop_server

#!/usr/bin/env bash
# The model test against a real binary: random sequences of every API call, each answer compared with the model's.
# Arguments: the registry (shale or Debian's docker-registry) and registry_against_model.
source "$(dirname "$0")/../e2e/lib/scenario.sh"
source "$LIB/server.sh"

against_model=$2
if [[ $1 == docker-registry ]]; then
  require_command docker-registry
  BINARY=$(command -v docker-registry)
  # What is tested here is the model. A fault of that registry which nobody met yet is no news about Shale, so the
  # sequence is always the same, unless somebody looks for more.
  export SHALE_MODEL_SEED=${SHALE_MODEL_SEED:-1}
fi

start_server
it "answers as the model says, whatever is asked"
"$against_model" "${BINARY##*/}" "$REGISTRY"
stop_server

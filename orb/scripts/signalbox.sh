#!/usr/bin/env bash
# Starts the CLI: ORB_COMMAND with the parameters that were given, each as the variable of its option.
set -euo pipefail

for name in "${!ORB_SIGNALBOX_@}"; do
  # An empty parameter was not given: a variable of the context or the job holds.
  if [[ -n "${!name}" ]]; then export "${name#ORB_}=${!name}"; fi
  unset "$name"
done
export SIGNALBOX_FACE=orb

cli="$HOME/.signalbox/bin/signalbox"
if [[ ! -x "$cli" ]]; then
  echo "signalbox: it is not installed: put the command signalbox/setup before signalbox/$ORB_COMMAND" >&2
  exit 2
fi
exec "$cli" "$ORB_COMMAND"

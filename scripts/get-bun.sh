#!/bin/sh
# get-bun: puts the Bun of scripts/bun/package.json at .tools/bun, with npm and nothing else.
# Nothing outside of .tools is written, so a read-only home directory is no obstacle.
set -eu
cd "$(dirname "$0")/.."

want=$(sed -n 's/.*"bun": *"\(.*\)".*/\1/p' scripts/bun/package.json)
rm -rf .tools/npm
mkdir -p .tools/npm
cp scripts/bun/package.json scripts/bun/package-lock.json .tools/npm/
echo "get-bun: fetching Bun $want with npm"
npm ci --prefix .tools/npm --cache "$PWD/.tools/npm-cache" --no-audit --no-fund --no-update-notifier --loglevel error

# The package's install script puts the executable beside its launcher. Where scripts are switched off it
# stays in the package of its platform, and only trying shows which of those runs on this processor.
for found in .tools/npm/node_modules/bun/bin/bun.exe .tools/npm/node_modules/@oven/bun-*/bin/bun; do
  [ -x "$found" ] || continue
  [ "$("$found" --version 2>/dev/null)" = "$want" ] || continue
  ln -sf "${found#.tools/}" .tools/bun
  rm -rf .tools/npm-cache
  exit 0
done
echo "get-bun: npm brought no Bun $want that runs on this machine" >&2
exit 1

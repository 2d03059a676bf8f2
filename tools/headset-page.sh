#!/bin/sh
# Builds the page that headsets and tablets open. Without Node.js, or without a network, it is left out, and said so.
cd "$(dirname "$0")/../ar/headset/page" || exit 1
if [ -n "$(find dist/app.js -newer package-lock.json -newer build.js 2>/dev/null)" ] &&
    [ -z "$(find src static -newer dist/app.js 2>/dev/null)" ]; then
    exit 0
fi
if ! command -v npm >/dev/null 2>&1; then
    echo "No Node.js: the page for headsets is left out; install nodejs (20 or later) and npm, then: make headset-page"
    exit 0
fi
if ! { npm ci --no-audit --no-fund --loglevel=error && npm run --silent build; }; then
    echo "The page for headsets could not be built; headsets are left out until: make headset-page"
fi

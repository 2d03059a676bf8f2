#!/bin/sh
# Installs the Debian packages that a list names, or prints the one line that does.
set -eu
cd "$(dirname "$0")/.."
missing=""
for package in $(cat "$1"); do
    dpkg -s "$package" >/dev/null 2>&1 || missing="$missing $package"
done
python3.11 -c 'import ensurepip' >/dev/null 2>&1 || missing="$missing python3.11-venv"
[ -z "$missing" ] && exit 0
install="apt-get update && apt-get install -y --no-install-recommends$missing"
if ! command -v apt-get >/dev/null 2>&1; then
    echo "This is no Debian machine; install the equivalents of:$missing" >&2
    exit 0
fi
if [ "$(id -u)" = 0 ]; then
    DEBIAN_FRONTEND=noninteractive sh -c "$install" >/dev/null
elif sudo -n true 2>/dev/null; then
    sudo DEBIAN_FRONTEND=noninteractive sh -c "$install" >/dev/null
else
    echo "System packages are missing. Run this once, then the same make command again:" >&2
    echo "  sudo sh -c '$install'" >&2
    exit 1
fi

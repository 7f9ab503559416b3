#!/usr/bin/env bash
# Installs the Debian packages that the tests need, where they are missing: a PostgreSQL server, a
# browser, the sqlite3 shell, curl for the tutorial, namespaces for disks of their own.
set -euo pipefail

wanted=(chromium curl postgresql sqlite3 util-linux)
missing=()
for package in "${wanted[@]}"; do
    dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q '^install ok installed$' ||
        missing+=("$package")
done
[ ${#missing[@]} -eq 0 ] && exit 0
as_root=()
[ "$(id -u)" -eq 0 ] || as_root=(sudo)
echo "Installing ${missing[*]} ..." >&2
"${as_root[@]}" apt-get update -q
DEBIAN_FRONTEND=noninteractive "${as_root[@]}" apt-get install -q -y --no-install-recommends "${missing[@]}"

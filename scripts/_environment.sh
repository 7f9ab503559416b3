# Sourced by the two commands of the README: finds Python, makes the virtual environment, installs what
# the project's own files name, and does so again only when those files have changed.
set -euo pipefail

project=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$project"

say() { printf '\033[1m%s\033[0m\n' "$*" >&2; }
die() { printf '%s\n' "$*" >&2; exit 4; }

find_python() {
    local name
    for name in python3 python3.13 python3.12 python3.11; do
        if command -v "$name" >/dev/null &&
            "$name" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
            printf '%s' "$name"
            return
        fi
    done
    die "Python 3.11 or newer is needed; this machine has none on its PATH."
}

interface_sources() {
    find src/invoke_apps/web/ui -name node_modules -prune -o -type f -print0 | LC_ALL=C sort -z | xargs -0 cat
}

# environment EXTRAS [PIP ARGUMENT ...]: sets $venv, with the project installed in place.
environment() {
    local extras=$1 stamp wanted
    shift
    venv=${VIRTUAL_ENV:-$project/.venv}
    if [ ! -x "$venv/bin/python" ]; then
        say "Making a virtual environment in $venv ..."
        "$(find_python)" -m venv "$venv" ||
            die "The virtual environment could not be made: on Debian, install python3-venv."
    fi
    stamp=$venv/.installed-$extras
    # The build of the web interface belongs to the installation, so its sources count too.
    wanted=$({ cat pyproject.toml constraints.txt hatch_build.py; interface_sources; } | "$venv/bin/python" -c \
        'import hashlib, sys; print(hashlib.sha256(sys.stdin.buffer.read()).hexdigest())')
    [ -f src/invoke_apps/web/ui_dist/index.html ] || [ "${INVOKE_SKIP_UI:-}" = 1 ] || rm -f "$stamp"
    if [ "$(cat "$stamp" 2>/dev/null)" != "$wanted $project" ]; then
        say "Installing what the project needs: some minutes the first time (PyTorch is large) ..."
        "$venv/bin/python" -m pip install --quiet --upgrade 'pip>=25.1'
        "$venv/bin/python" -m pip install --constraint constraints.txt --editable ".[$extras]" "$@" ||
            die "The installation failed; the lines above say why. Run the command again to retry."
        echo "$wanted $project" >"$stamp"
    fi
}

#!/bin/sh
# Make a virtual environment at $1 and install the project with all that its tests and demo need.
set -eu
folder=$1

usable() {
    command -v "$1" >/dev/null 2>&1 &&
        "$1" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' 2>/dev/null
}

python=
for name in python3.11 python3.12 python3.13 python3 python; do
    if usable "$name"; then
        python=$name
        break
    fi
done
if [ -z "$python" ]; then
    echo "Tradewind needs Python 3.11, 3.12 or 3.13 on the PATH; on Debian: apt-get install python3 python3-venv" >&2
    exit 1
fi

# Debian ships Python without ensurepip unless python3-venv is there; virtualenv from pip needs neither.
if ! "$python" -m venv --clear "$folder" 2>/dev/null; then
    "$python" -m pip install --quiet --break-system-packages virtualenv 2>/dev/null ||
        "$python" -m pip install --quiet virtualenv || {
        echo "cannot make a virtual environment; on Debian: apt-get install python3-venv" >&2
        exit 1
    }
    "$python" -m virtualenv --quiet --clear "$folder"
fi
"$folder/bin/python" -m pip install --quiet --disable-pip-version-check --editable '.[test]'
"$folder/bin/python" -m compileall -q src

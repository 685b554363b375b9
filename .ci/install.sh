#!/bin/sh
# install.sh VENV WHAT: make VENV if it is not there, then install WHAT ("." or ".[lab,test]") of
# this checkout into it, editable, at the versions of constraints.txt. Called by the Makefile.
set -eu
venv=$1
what=$2

new_enough() { "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; }

if [ ! -x "$venv/bin/python" ]; then
    found=
    # A Python that the user named is the one to take; otherwise the first that is new enough.
    for candidate in ${PYTHON:-python3 python3.13 python3.12 python3.11 python3.14}; do
        if new_enough "$candidate"; then found=$candidate; break; fi
    done
    if [ -z "$found" ]; then
        version=$("${PYTHON:-python3}" -V 2>/dev/null) || version="not there"
        echo "make: needs Python >= 3.11, but ${PYTHON:-python3} is $version;" \
             "install one, or name it: make edit PYTHON=/path/to/python3.13" >&2
        exit 1
    fi
    echo "making $venv with $("$found" -V)" >&2
    if command -v uv >/dev/null 2>&1; then
        uv venv --quiet --seed --python "$found" "$venv"
    elif ! "$found" -m venv "$venv"; then
        rm -rf "$venv"
        echo "make: $found cannot make a virtual environment;" \
             "install its venv module (on Debian and Ubuntu the package python3-venv)" >&2
        exit 1
    fi
fi

[ "$what" != . ] || note=" (torch is large: minutes, the first time)"
echo "installing deltaedit-kit${what#.} into $venv${note-}" >&2
if [ -t 2 ]; then quiet=; else quiet=--quiet; fi # progress for a person, silence for a log
if command -v uv >/dev/null 2>&1; then
    # Compiled now, as pip does it: where PYTHONDONTWRITEBYTECODE is set, as it is in many images,
    # torch and open_clip would be compiled again at every start, which takes nine seconds.
    uv pip install $quiet --compile-bytecode --python "$venv/bin/python" \
        -c constraints.txt -e "$what"
else
    "$venv/bin/python" -m pip install $quiet --disable-pip-version-check -c constraints.txt -e "$what"
fi

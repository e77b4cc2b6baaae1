#!/usr/bin/env bash
# Makes .venv with the packages of dev.txt and the project itself on its path.
# Python: $PYTHON, or the first of at least 3.12 that is found, or the one uv brings.
set -euo pipefail
cd "$(dirname "$0")/.."

new_enough() {
    "$1" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 12))' \
        >/dev/null 2>&1
}

candidates() {
    echo "${PYTHON:-}"
    printf '%s\n' python3.13 python3.12 python3
    if command -v pyenv >/dev/null; then
        find "$(pyenv root)/versions" -maxdepth 3 -path '*/bin/python3' | sort -rV
    fi
}

find_python() {
    while read -r python; do
        if [ -n "$python" ] && new_enough "$python"; then
            echo "$python"
            return
        fi
    done < <(candidates)
    return 1
}

find_uv() {
    if command -v uv; then return; fi
    local home=.infra/uv # neither on PATH nor in the lock
    if [ ! -x $home/bin/uv ]; then
        echo "installing uv" >&2
        mkdir -p .infra
        { python3 -m venv $home && $home/bin/pip install -q uv; } >&2 ||
            python3 -m pip install -q --target $home uv >&2
    fi
    echo $home/bin/uv
}

if [ "${1:-}" = uv ]; then  # only say where uv is
    find_uv
    exit
fi

if python=$(find_python); then
    [ -x .venv/bin/pip ] || "$python" -m venv --clear .venv
    .venv/bin/pip install -q --require-hashes -r requirements/dev.txt
elif uv=$(find_uv); then
    [ -x .venv/bin/python ] || "$uv" venv --python '>=3.12' .venv
    "$uv" pip install -q --python .venv/bin/python --require-hashes \
        -r requirements/dev.txt
else
    echo "Python 3.12 or newer is needed, or uv, or a python3 with pip" >&2
    exit 1
fi

site=$(.venv/bin/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))')
pwd >"$site/metodika.pth"
cat >.venv/bin/metodika <<END
#!$PWD/.venv/bin/python
from metodika.__main__ import typed
typed()
END
chmod +x .venv/bin/metodika
echo "ready: $(.venv/bin/python --version) in .venv"

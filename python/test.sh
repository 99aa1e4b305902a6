#!/usr/bin/env bash
# Builds the package in the dev profile and runs its tests, the type checker and the linter. Arguments go to pytest.
set -euo pipefail
cd "$(dirname "$0")"
./develop.sh ${SAGEBRUSH_PYTHON_FEATURES:+--features "$SAGEBRUSH_PYTHON_FEATURES"}
# The program takes no variable that it does not know.
unset SAGEBRUSH_PYTHON_FEATURES
export PYTHONPATH="$PWD/py_src"
export SAGEBRUSH_LEDGER=off
python="${PYTHON:-python3}"
"$python" -m ruff check py_src tests
"$python" -m mypy
exec "$python" -m pytest "$@"

#!/usr/bin/env bash
# Runs the whole test suite; arguments go to pytest.
requirements=requirements-dev.txt
source "$(dirname "${BASH_SOURCE[0]}")/environment.sh"
exec .venv/bin/python -m pytest "$@"

#!/usr/bin/env bash
# Makes the database or brings it up to date. Only with --reset and a typed yes is anything deleted.
bash "$(dirname "${BASH_SOURCE[0]}")/environment.sh" && cd "$(dirname "${BASH_SOURCE[0]}")/.." &&
  .venv/bin/python -m visualizer init-db "$@"

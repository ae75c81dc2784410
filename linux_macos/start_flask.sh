#!/usr/bin/env bash
# Starts the web server alone.
bash "$(dirname "${BASH_SOURCE[0]}")/environment.sh" && cd "$(dirname "${BASH_SOURCE[0]}")/.." &&
  .venv/bin/python -m visualizer serve --only flask

#!/usr/bin/env bash
# Starts the Bokeh server alone.
bash "$(dirname "${BASH_SOURCE[0]}")/environment.sh" && cd "$(dirname "${BASH_SOURCE[0]}")/.." &&
  .venv/bin/python -m visualizer serve --only bokeh

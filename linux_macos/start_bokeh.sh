#!/usr/bin/env bash
# Starts the Bokeh server alone.
source "$(dirname "${BASH_SOURCE[0]}")/environment.sh"
exec .venv/bin/python -m visualizer serve --only bokeh

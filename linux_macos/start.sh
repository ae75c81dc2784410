#!/usr/bin/env bash
# Starts both servers; sets everything up on first use. With --demo an example network trains in them.
source "$(dirname "${BASH_SOURCE[0]}")/environment.sh"
case "${1:-}" in
  "") exec .venv/bin/python -m visualizer serve ;;
  --demo) exec .venv/bin/python -m visualizer demo ;;
  *) echo "Usage: bash linux_macos/start.sh [--demo]" >&2; exit 2 ;;
esac

# Makes the virtual environment on first use and brings it up to date when the requirements changed.
# Read by the other scripts; `requirements` names the file to install from.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
requirements="${requirements:-requirements.txt}"
python="${PYTHON:-python3}"
if ! "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))'; then
  echo "Python 3.11 or newer is needed. Set PYTHON to one." >&2
  exit 1
fi
stamp=".venv/installed-$requirements"
wanted="$(cat requirements.txt "$requirements" setup.cfg pyproject.toml | cksum) $PWD"
if [ "$(cat "$stamp" 2>/dev/null || true)" != "$wanted" ]; then
  echo "Installing; this happens once and takes some minutes." >&2
  [ -x .venv/bin/python ] || "$python" -m venv .venv
  .venv/bin/python -m pip install -qq --upgrade pip
  .venv/bin/python -m pip install -qq -r "$requirements" -e .
  printf '%s' "$wanted" > "$stamp"
fi

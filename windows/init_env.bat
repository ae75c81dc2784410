@echo off
rem Makes the virtual environment and installs.
cd /d "%~dp0.."
python -m venv .venv
.venv\Scripts\python -m pip install --upgrade pip
.venv\Scripts\python -m pip install -r requirements.txt -e .

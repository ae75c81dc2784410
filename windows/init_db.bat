@echo off
rem Makes the database or brings it up to date; deletes only with --reset and a typed yes.
cd /d "%~dp0.."
.venv\Scripts\python -m visualizer init-db %*

@echo off
rem Starts both servers; with "demo" an example network trains in them.
cd /d "%~dp0.."
if "%1"=="demo" (.venv\Scripts\python -m visualizer demo) else (.venv\Scripts\python -m visualizer serve)

"""The Flask application: users, uploads and runs. `visualizer.app.create_app` makes it."""

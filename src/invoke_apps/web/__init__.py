"""The web server: `app.create_app` gives the ASGI application."""

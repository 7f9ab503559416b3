"""The applications, wired in one place: see `invoke_apps.composition`."""

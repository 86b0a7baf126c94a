"""What the platform puts into a sandbox to start an app there. It runs as the app does, and knows nothing more."""

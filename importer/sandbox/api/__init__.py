"""The services behind the routes, one module for each subject; `services.SERVICES` has them all."""

"""Alembic's way in: it gets the connection from `service.audit.migrate`, and never opens one itself."""

from alembic import context

from service.audit.access_tables import api_keys

connection = context.config.attributes["connection"]
context.configure(connection=connection, target_metadata=api_keys.metadata, render_as_batch=True)
context.run_migrations()

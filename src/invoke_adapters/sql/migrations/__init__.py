"""How older databases become the present one; see `invoke_adapters.sql.migrate`."""

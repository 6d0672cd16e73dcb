"""Who may do what: scopes and roles, API keys, the session of a person at this machine."""

"""The HTTP side: routes, problems and the documentation page. The only Flask."""

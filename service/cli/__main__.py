"""`python -m service.cli` is the command `kneechain`."""

from service.cli import main

main()

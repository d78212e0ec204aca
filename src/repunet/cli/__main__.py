"""`python -m repunet.cli` is `repunet`."""

from repunet.cli import main

main()

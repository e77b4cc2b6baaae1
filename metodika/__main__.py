"""`python -m metodika` is `metodika`."""

from metodika.cli import main

main()

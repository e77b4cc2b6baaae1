"""Which Metodika this is: it runs from a folder, and need not be installed."""

VERSION = "0.1.0"

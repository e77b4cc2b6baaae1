"""What an exit code means, besides 0: as asked."""

EXIT_NO, EXIT_USAGE, EXIT_HELD, EXIT_FAILED = 1, 2, 3, 4

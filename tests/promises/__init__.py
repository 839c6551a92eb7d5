"""What an operator may rely on (server/deploy/README.md), one file for each promise, against servers of their own."""

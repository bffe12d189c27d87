"""Lets `python -m seatrial` do what the console script does."""

import sys

from seatrial.cli import main

if __name__ == "__main__":
    sys.exit(main())

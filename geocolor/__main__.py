"""``python -m geocolor``: the command line."""

import sys

from geocolor.cli.main import main

if __name__ == "__main__":
    sys.exit(main())

"""The formulas of the five "neural network from scratch" documents, checked.

    python demos/formulas.py

is `micrograd-like formulas`; the code is `micrograd_like/examples/formulas.py`.
"""

import sys

from micrograd_like.__main__ import main

if __name__ == "__main__":
    sys.exit(main(["formulas", *sys.argv[1:]]))

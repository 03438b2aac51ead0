"""The networks of the five "neural network from scratch" documents: drawn and trained.

    python demos/documents.py

is `micrograd-like train documents`; the code is `micrograd_like/examples/documents.py`.
"""

import sys

from micrograd_like.__main__ import main

if __name__ == "__main__":
    sys.exit(main(["train", "documents", *sys.argv[1:]]))

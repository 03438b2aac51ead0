"""micrograd's demonstration: two moons told apart by a network.

    python demos/moons.py

is `micrograd-like train moons`; the code is `micrograd_like/examples/moons.py`.
"""

import sys

from micrograd_like.__main__ import main

if __name__ == "__main__":
    sys.exit(main(["train", "moons", *sys.argv[1:]]))

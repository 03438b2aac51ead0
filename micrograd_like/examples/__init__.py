"""What the command line and the demonstrations train and check; the modules need the extra "demos".

`moons.py` and `digits.py` train a network each, `documents.py` those of the five documents; `formulas.py` checks the
documents' formulas. A function that trains prints what comes out and returns the pictures that it wrote to a folder.
"""

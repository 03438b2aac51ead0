"""The explorer: a page on which the graph of a Value is stepped through, moved, traced, checked and trained.

In the order of reading: `graph` is a Value's graph as columns of numbers, `rules` the rules of its operations as
JavaScript, `views` which nodes stand in which picture, `layout` where Graphviz puts them, `page` what is written to the
file. The page's own code is in the folder `assets/`.
"""

from micrograd_like.explorer.page import Page, explore

__all__ = ["Page", "explore"]

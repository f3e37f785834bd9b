"""Where intake keeps things, one collection a file: the questions first, then the collection that answers them."""

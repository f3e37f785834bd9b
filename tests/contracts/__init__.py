"""The contracts: samples, members, the wire and the documents made from them."""

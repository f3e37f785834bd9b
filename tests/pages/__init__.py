"""The pages for people, as a browser shows them."""

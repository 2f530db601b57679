"""A mail server that keeps what it is sent in a folder, and the pages that show it: for trying the product out."""

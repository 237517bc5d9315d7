"""What the clinic publishes: the blog, and files to read at home, for all, for patients or for one of them."""

"""A data set as one table."""

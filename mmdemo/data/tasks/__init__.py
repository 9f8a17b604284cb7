"""The tasks that come with a recipe for their data."""

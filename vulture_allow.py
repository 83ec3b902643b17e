"""Names that vulture cannot see being used, each with its reason."""

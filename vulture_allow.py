"""Names that vulture cannot see being used, each with its reason."""

app_state = None  # uvicorn makes a connection with it by name

__all__ = ["app_state"]

"""The names of the hidden facts in which each of several departments says its own."""


def part_name(name: str, place: int) -> str:
    """The hidden fact that holds what the department at this place (from 1) says."""
    return f"{name}::{place}"

"""Files that change are seen at the next look."""

from collections.abc import Iterator
from pathlib import Path

from console.watching import watch_files


def test_each_change_is_told_once_with_its_files(tmp_path: Path) -> None:
    first, second = tmp_path / "a.yaml", tmp_path / "b.yaml"
    first.write_text("a")
    looks: Iterator[str] = iter(["nothing", "write", "nothing", "make", "remove", "end"])

    class Ended(Exception):
        """Nobody looks any more."""

    def wait(seconds: float) -> None:
        match next(looks):
            case "write":
                first.write_text("longer")
            case "make":
                second.write_text("b")
            case "remove":
                first.unlink()
            case "end":
                raise Ended

    told = []
    try:
        for changed in watch_files(lambda: sorted(tmp_path.glob("*.yaml")), wait=wait):
            told.append([path.name for path in changed])
    except Ended:
        pass
    assert told == [[], ["a.yaml"], ["b.yaml"], ["a.yaml"]]


def test_a_file_that_is_not_there_is_seen_when_it_comes(tmp_path: Path) -> None:
    late = tmp_path / "late.yaml"
    watching = watch_files(lambda: [late], wait=lambda seconds: None)
    assert next(watching) == ()
    late.write_text("a")
    assert next(watching) == (late,)

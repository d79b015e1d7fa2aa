"""A small sample city made for one comparison and thrown away after it."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path

from console.settings import Settings, make_home
from console.wiring import take_snapshot
from profiles.fact import Vocabulary
from profiles.ingest import Progress, ingest
from profiles.sample_city import write_city
from profiles.snapshot import Snapshot

DAY = date(2025, 10, 31)
RESIDENTS_PER_FIRM = 3


@contextmanager
def sample_snapshot(vocabulary: Vocabulary, residents: int, tell: Progress) -> Iterator[Snapshot]:
    """The snapshot of a sample city of so many residents, and a third as many firms."""
    with tempfile.TemporaryDirectory(prefix="zhida-sample-") as name:
        folder = Path(name)
        home = folder / "home"
        settings = Settings(home=home, database_url=f"sqlite:///{home / 'zhida.db'}")
        make_home(settings)
        tell("writing a sample city", 0, 1)
        firms = max(1, residents // RESIDENTS_PER_FIRM)
        report = write_city(folder / "files", firms=firms, residents=residents, as_of=DAY)
        files = sorted(report.files.items())
        for number, (dataset, file) in enumerate(files):
            tell("taking in the deliveries", number, len(files))
            ingest(file, vocabulary.datasets[dataset], root=settings.releases, delivered_on=DAY)
        yield take_snapshot(settings, vocabulary, DAY, tell)

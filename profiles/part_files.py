"""The files of a snapshot, by what they hold of which part."""

FORMAT = 5
MANIFEST = "manifest.json"


def facts_file(kind: str, number: int) -> str:
    """Where a part's facts lie inside the snapshot."""
    return f"facts-{kind}-{number:04d}.parquet"


def rows_file(dataset: str, kind: str, number: int) -> str:
    """Where a part's rows of a dataset lie inside the snapshot."""
    return f"rows/{dataset}/{kind}-{number:04d}.parquet"


def doubtful_file(kind: str, number: int) -> str:
    """Where a part's list of doubtful subjects, by dataset, lies inside the snapshot."""
    return f"doubtful-{kind}-{number:04d}.parquet"


def answered_file(kind: str, number: int) -> str:
    """Where it is told which answers of whom count."""
    return f"answered-{kind}-{number:04d}.parquet"


def flips_file(kind: str, number: int) -> str:
    """Where it is told whose facts from which rows are others from which day on."""
    return f"flips-{kind}-{number:04d}.parquet"


def replaced_file(kind: str, number: int) -> str:
    """Where an increment tells whose facts and rows take the place of those of its base."""
    return f"replaced-{kind}-{number:04d}.parquet"


def changes_file(kind: str, number: int) -> str:
    """Where an increment tells which facts of whom have changed."""
    return f"changes-{kind}-{number:04d}.parquet"

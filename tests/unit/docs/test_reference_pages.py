"""The pages made from the code are those that the code makes now."""

import pytest

from console.reference_pages import FOLDER, build_pages

PAGES = build_pages()


@pytest.mark.parametrize("name", PAGES)
def test_a_reference_page_is_up_to_date(name: str) -> None:
    assert (FOLDER / name).read_text(encoding="utf-8") == PAGES[name], "run `make docs`"

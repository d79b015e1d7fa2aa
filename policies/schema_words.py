"""What is said of every key that authors write, in Chinese and English: `form_words.yaml`."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from pydantic import BaseModel

from language.document_reading import read_documents

FILE = Path(__file__).parent / "form_words.yaml"


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyWords:
    """A key's meaning in both languages, what kind of text it takes, what its fixed words mean."""

    zh: str
    en: str
    takes: str = ""
    values: Mapping[str, tuple[str, str]]

    @property
    def plain(self) -> str:
        """Both languages, one under the other."""
        return f"{self.zh}\n\n{self.en}"


def form_name(form: type[BaseModel]) -> str:
    """A form by its module and name; two modules may have forms of one name."""
    return f"{form.__module__.rpartition('.')[2]}.{form.__name__}"


def words_of(form: type[BaseModel], key: str) -> KeyWords | None:
    """The words for a key of a form, or of the form that it extends; None where there are none."""
    for ancestor in form.__mro__:
        if issubclass(ancestor, BaseModel):
            found = read_words().get(form_name(ancestor), {}).get(key)
            if found is not None:
                return found
    return None


@cache
def read_words() -> Mapping[str, Mapping[str, KeyWords]]:
    """All words, by form and key."""
    (document,), problems = read_documents(FILE)
    assert not problems, problems
    return {
        form: {
            key: KeyWords(
                zh=said["zh"],
                en=said["en"],
                takes=said.get("takes", ""),
                values={word: (told[0], told[1]) for word, told in said.get("values", {}).items()},
            )
            for key, said in keys.items()
        }
        for form, keys in document.value.items()
    }

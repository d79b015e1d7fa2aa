"""A policy that implements a frame becomes flat: the frame's parts, and its own where they may be.

What may differ is what the frame says is local; all else that differs is an error that names both
places.
"""

import difflib
from collections.abc import Mapping

from language.document import Document, Place, document_value
from language.errors import Problem
from policies.cell import region_prefix
from policies.frame import Frame
from policies.local import GROUPS, NAMED, Part, parts_of
from policies.merged import Merged
from policies.policy import FrameUse
from profiles.region import region_code

_OWN = ("policy", "version", "title", "authority", "level", "examples")
"""What an implementation says for itself; a frame's words do not stand in for it."""

_FREE = (
    "basis",
    "region",
    "effective",
    "window",
    "period",
    "delivery",
    "contact",
    "deadlines",
    "public_notice",
    "back_pay",
    "budget",
    "service",
)
"""How, when and where a policy is carried out: the implementation's word, else the frame's."""

_BOTH = ("not_modelled",)
"""Lists in which the implementation's lines stand before the frame's."""

_INHERITED: Mapping[str, tuple[str, ...]] = {
    "parameters": ("label", "says", "note", "unit", "type", "by", "system", "at", "bounds"),
    "facts": ("label", "type", "unit", "system", "values", "absent"),
}
"""What a part that is replaced keeps of the frame's, where it does not say it again."""


def implement(frame: Frame, own: Document) -> tuple[Document | None, FrameUse, list[Problem]]:
    """The flat policy of an implementation, and which parts it takes from where."""
    merging = _Merging(frame, own)
    document = merging.run()
    return (None if merging.problems else document), merging.use(), merging.problems


class _Merging:
    """One implementation and its frame becoming one document; problems gather."""

    def __init__(self, frame: Frame, own: Document) -> None:
        self.frame = frame
        self.own = own
        self.problems: list[Problem] = []
        self.merged = Merged(own.file)
        self.theirs = dict(parts_of(frame.document.value))
        self.ours = dict(parts_of(own.value))
        self.taken: list[Part] = []
        self.replaced: list[Part] = []
        self.added: list[Part] = []
        self.ours_above = {
            part: place
            for part, place in self.ours.items()
            if part[0] == "clauses" and len(place) == 2
        }
        self.dropped = self._dropped()

    def use(self) -> FrameUse:
        return FrameUse(
            frame=self.frame.key,
            file=self.frame.document.file,
            taken=tuple(self.taken),
            replaced=tuple(self.replaced),
            added=tuple(self.added),
            dropped=tuple(self.dropped),
        )

    def run(self) -> Document:
        own, theirs = self.own.value, self.frame.document.value
        self._check_locals()
        named = (*NAMED, "clauses", "benefit")
        for key in dict.fromkeys([*own, *theirs]):
            if key in ("kind", "implements", "without") or key in named:
                continue
            self._top_level(key)
        for key in NAMED:
            if key in own or key in theirs:
                self._section(key)
        if "clauses" in own or "clauses" in theirs:
            self._clauses()
        if "benefit" in own or "benefit" in theirs:
            self._section("benefit")
        return self.merged.document()

    def _top_level(self, key: str) -> None:
        own, theirs = self.own, self.frame.document
        if key in _OWN:
            if key in own.value:
                self.merged.copy((key,), own, (key,))
        elif key in _FREE:
            if key == "region":
                self._check_region()
            self.merged.copy((key,), own if key in own.value else theirs, (key,))
        elif key in _BOTH:
            self._both(key)
        elif key not in theirs.value:
            self.merged.copy((key,), own, (key,))
        else:
            self.merged.copy((key,), theirs, (key,))
            if key in own.value and own.value[key] != theirs.value[key]:
                self._refuse_difference((key,), key, (key,))

    def _check_region(self) -> None:
        """Refuse a place outside of those for which the frame was made."""
        theirs = _prefixes(self.frame.document.value.get("region"))
        for prefix in _prefixes(self.own.value.get("region")):
            if theirs and not prefix.startswith(tuple(theirs)):
                where = self.frame.document.where(("region",))
                self._refuse(
                    ("region",),
                    f'the region is outside that of frame "{self.frame.id}" ({where})',
                    "name a region within it",
                )
                return

    def _both(self, key: str) -> None:
        sources = [d for d in (self.own, self.frame.document) if key in d.value]
        self.merged.hold((key,), [], sources[0], (key,))
        number = 0
        for source in sources:
            for index in range(len(source.value[key])):
                self.merged.copy((key, number), source, (key, index))
                number += 1

    def _section(self, key: str) -> None:
        """Parts by name: a local one is replaced, others are added."""
        own, theirs = self.own.value.get(key), self.frame.document.value.get(key)
        holder = self.frame.document if theirs is not None else self.own
        self.merged.hold((key,), {}, holder, (key,))
        for name in dict.fromkeys([*(theirs or {}), *(own or {})]):
            part: Part = (key, name)
            place: Place = (key, name)
            if name not in (own or {}):
                self.taken.append(part)
                self.merged.copy(place, self.frame.document, place)
                self._bound(part)
            elif name not in (theirs or {}):
                self.added.append(part)
                self.merged.copy(place, self.own, place)
            else:
                self._replace(part, place)

    def _replace(self, part: Part, place: Place) -> None:
        own, theirs = self.own.value[part[0]][part[1]], self.frame.document
        inherited = _INHERITED.get(part[0], ())
        if not isinstance(own, dict) or not inherited:
            if own != theirs.value[part[0]][part[1]]:
                self._allow(part, place)
                self.replaced.append(part)
            else:
                self.taken.append(part)
            self.merged.copy(place, self.own, place)
            return
        self._allow(part, place)
        self.replaced.append(part)
        self.merged.hold(place, {}, self.own, place)
        for key in inherited:
            if key in theirs.value[part[0]][part[1]] and key not in own and key != "bounds":
                self.merged.copy((*place, key), theirs, (*place, key))
        for key in own:
            if key != "bounds":
                self.merged.copy((*place, key), self.own, (*place, key))
        self._bound(part)

    def _bound(self, part: Part) -> None:
        """Gather the bounds of a parameter: those of `local`, the frame's and its own."""
        if part[0] != "parameters":
            return
        local = self.frame.locals.get(part)
        place: Place = (*part, "bounds")
        given: list[tuple[Document, Place]] = []
        if local is not None and local.bounded:
            given.append((self.frame.written, local.place))
        for document in (self.frame.document, self.own):
            bounds = document_value(document, place)
            if isinstance(bounds, list):
                given += [(document, (*place, index)) for index in range(len(bounds))]
            elif bounds is not None:
                given.append((document, place))
        if not given:
            return
        self.merged.hold(place, [], *given[0])
        for number, (document, written) in enumerate(given):
            at: Place = (*place, number)
            self.merged.hold(at, {}, document, written)
            for key in ("at_most", "at_least", "source"):
                if (*written, key) in document.marks:
                    self.merged.copy((*at, key), document, (*written, key))

    def _clauses(self) -> None:
        theirs = self.frame.document.value.get("clauses") or []
        holder = self.frame.document if theirs else self.own
        self.merged.hold(("clauses",), [], holder, ("clauses",))
        number = 0
        for index in range(len(theirs)):
            number += self._clause(("clauses", number), ("clauses", index))
        for index, clause in enumerate(self.own.value.get("clauses") or []):
            part: Part = ("clauses", str(clause.get("id")))
            if part not in self.replaced:
                self.added.append(part)
                self.merged.copy(("clauses", number), self.own, ("clauses", index))
                number += 1

    def _clause(self, place: Place, written: Place) -> int:
        """Put one of the frame's clauses, or what stands for it; 0 where it is dropped."""
        clause = document_value(self.frame.document, written)
        part: Part = ("clauses", str(clause.get("id")))
        if part in self.dropped:
            return 0
        ours = self.ours_above.get(part)
        if ours is not None:
            self._allow(part, ours)
            self.replaced.append(part)
            self.merged.copy(place, self.own, ours)
            return 1
        self.taken.append(part)
        self.merged.hold(place, {}, self.frame.document, written)
        for key in clause:
            if key not in GROUPS:
                self.merged.copy((*place, key), self.frame.document, (*written, key))
                continue
            self.merged.hold((*place, key), [], self.frame.document, (*written, key))
            number = 0
            for index in range(len(clause[key])):
                number += self._clause((*place, key, number), (*written, key, index))
            if number == 0:
                self.problems.append(
                    self.own.problem(
                        ("without",),
                        f'"without" leaves clause "{part[1]}" without members',
                        "name the whole clause",
                        code="frame",
                    )
                )
        return 1

    def _dropped(self) -> dict[Part, Place]:
        dropped: dict[Part, Place] = {}
        for index, name in enumerate(self.own.value.get("without") or []):
            place: Place = ("without", index)
            part: Part = ("clauses", name)
            if part not in self.theirs:
                known = [name for key, name in self.theirs if key == "clauses"]
                self._refuse(place, f'the frame has no clause "{name}"', _suggest(name, known))
            elif part in self.ours_above:
                self._refuse(place, f'clause "{name}" is dropped and given', "keep one of them")
            else:
                self._allow(part, place)
                dropped[part] = place
        return dropped

    def _check_locals(self) -> None:
        for part, local in self.frame.locals.items():
            if not local.required or part in self.ours:
                continue
            at = self.dropped.get(part, ("implements",))
            where = self.frame.document.where(local.place)
            self._refuse(
                at,
                f'frame "{self.frame.id}" leaves "{part[1]}" to its implementations ({where})',
                f"add it under {part[0]}:",
            )

    def _allow(self, part: Part, place: Place) -> None:
        """Refuse a difference that the frame does not allow."""
        if part not in self.frame.locals and not self._within_local(part):
            written = self.theirs[part]
            self._refuse_difference(place, part[1], written)

    def _within_local(self, part: Part) -> bool:
        """A group that may be replaced as a whole may be replaced in part."""
        if part[0] != "clauses":
            return False
        place = self.theirs[part]
        return any(
            ("clauses", name) in self.frame.locals
            for (key, name), at in self.theirs.items()
            if key == "clauses" and len(at) < len(place) and place[: len(at)] == at
        )

    def _refuse_difference(self, place: Place, name: str, written: Place) -> None:
        where = self.frame.document.where(written)
        self._refuse(
            place,
            f'"{name}" is said by frame "{self.frame.id}" ({where}) and is not local',
            "leave it out, or let the frame say local: {may: true}",
        )

    def _refuse(self, place: Place, message: str, remedy: str) -> None:
        self.problems.append(self.own.problem(place, message, remedy, code="frame"))


def _prefixes(region: object) -> list[str]:
    """With what the codes of a region's places begin; what is no region is told elsewhere."""
    named = region.get("in") if isinstance(region, dict) else region
    places = named if isinstance(named, list) else [named]
    codes = [region_code(place) for place in places if isinstance(place, str)]
    return [region_prefix(code) for code in codes if code is not None]


def _suggest(word: str, known: list[str]) -> str:
    close = difflib.get_close_matches(word, known, n=1)
    return f'did you mean "{close[0]}"?' if close else f"it has {', '.join(known)}"

"""All views of a process: each new item of the ring goes to the views that may want it, and costs the others nothing.

A view is found by the values of one field of its filter, the most telling one: who follows one run is asked about that
run's records only. So thousands of clients with filters of their own cost what is delivered to them. A page without
records is the same for all, too.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable

from dashstream.engine.classify import Unreadable
from dashstream.engine.page import Page
from dashstream.engine.ring import Hole, Item, Ring
from dashstream.engine.selection import Selection
from dashstream.engine.view import View

FIELDS = ("run", "thread", "graph", "tenant", "kind")
"""Fields of a record's head, the most telling first."""


class Views:
    """The views of one ring, by selection."""

    def __init__(self, ring: Ring) -> None:
        self._ring = ring
        self._views: dict[Selection, View] = {}
        self._routes: dict[str, dict[str, set[View]]] = {}
        self._end = ring.end
        self._kept: deque[tuple[int, View]] = deque()
        self._nothing = Page()
        self._pages: dict[tuple[View, int, int], Page] = {}

    def __len__(self) -> int:
        return len(self._views)

    def enter(self, selection: Selection) -> View:
        """Return the view of one more subscriber; it has seen all that is in the ring."""
        self.extend()
        view = self._views.get(selection)
        if view is None:
            view = self._views[selection] = View(self._ring, selection)
            field, names = _route_of(selection)
            for name in names:
                self._routes.setdefault(field, {}).setdefault(name, set()).add(view)
        view.subscribers += 1
        return view

    def leave(self, view: View) -> None:
        """A subscriber has left."""
        view.subscribers -= 1
        if view.subscribers:
            return
        view.clear()
        del self._views[view.selection]
        field, names = _route_of(view.selection)
        for name in names:
            self._routes[field][name].discard(view)
            if not self._routes[field][name]:
                del self._routes[field][name]
        if names and not self._routes[field]:
            del self._routes[field]

    def extend(self) -> None:
        """Take note of what is new in the ring and let go of what left it."""
        ring = self._ring
        if self._end == ring.end:
            return
        start = max(self._end, ring.begin)
        if self._routes:
            for arrival, item in enumerate(ring.since(start, ring.end - start), start):
                for view in self._wanting(item):
                    if view.pick(arrival, item):
                        self._kept.append((arrival, view))
        self._end = ring.end
        self._pages.clear()
        self._nothing = Page(advance=dict(ring.positions), arrival=ring.end)
        self._drop_trimmed()

    def _drop_trimmed(self) -> None:
        """Let the views that hold what left the ring let go of it."""
        concerned: set[View] = set()
        while self._kept and self._kept[0][0] < self._ring.begin:
            concerned.add(self._kept.popleft()[1])
        for view in concerned:
            view.drop_trimmed()

    def page(self, view: View, arrival: int, limit: int) -> Page:
        """Return a view's page from an arrival on, after ``extend``: the very same one for all who ask for it."""
        key = (view, arrival, limit)
        page = self._pages.get(key)
        if page is None:
            page = self._pages[key] = view.page(arrival, limit) if view.has_news(arrival) else self._nothing
        return page

    def _wanting(self, item: Item) -> Iterable[View]:
        """Return the views that may want an item, each once."""
        if isinstance(item, Hole):
            return [view for view in self._views.values() if not view.selection.passes_all]
        head = item.head
        if isinstance(head, Unreadable) and head.about is not None:
            head = head.about
        found: set[View] = set()
        for field, routes in self._routes.items():
            if isinstance(head, Unreadable):
                names = [head.thread] if field == "thread" else []
            else:
                names = [getattr(one, field) for one in (head, *head.inner)]
            for name in names:
                if name in routes:
                    found |= routes[name]
        return found


def _route_of(selection: Selection) -> tuple[str, frozenset[str]]:
    """Return the field and its values by which a selection is found; where everything passes there are no values."""
    wanted = (selection.runs, selection.threads, selection.graphs, selection.tenants, selection.kinds)
    for field, names in zip(FIELDS, wanted, strict=True):
        if names is not None:
            return field, names
    return FIELDS[0], frozenset()

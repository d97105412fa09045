"""Read a page as a strict browser would: tags in pairs, and what a machine can judge of its accessibility."""

from html.parser import HTMLParser

VOID = {"meta", "link", "img", "br", "hr", "input"}
BLOCKS = {"dt", "dd", "td", "th", "li", "p", "h1", "h2", "h3"}
SHAPES = {"rect", "line", "polyline", "path"}


class Page(HTMLParser):
    """The tags of *html* in order, with their attributes, and its text outside of the head."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []
        self._open: list[str] = []
        self.feed(html)
        self.close()
        assert self._open == [], f"never closed: {self._open}"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self._open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag in SHAPES, f"<{tag}/> is no void element"
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self._open, f"</{tag}> closes nothing"
        assert self._open[-1] == tag, f"</{tag}> closes {self._open}"
        self._open.pop()
        if tag in BLOCKS:
            self.texts.append(" ")

    def handle_data(self, data: str) -> None:
        if "head" not in self._open:
            self.texts.append(data)

    @property
    def text(self) -> str:
        """The words on the page, with single spaces."""
        return " ".join("".join(self.texts).split())

    def count(self, tag: str) -> int:
        """Return how many elements *tag* there are."""
        return sum(name == tag for name, _ in self.tags)

    def attributes(self, tag: str) -> list[dict[str, str | None]]:
        """Return the attributes of each element *tag*."""
        return [attrs for name, attrs in self.tags if name == tag]

# SPDX-License-Identifier: Apache-2.0
"""PAGE: checks that a page is well-formed, refers to nothing outside and runs nothing; prints the
heading of each of its drawings."""
import sys
import xml.etree.ElementTree as tree
from html.parser import HTMLParser

text = open(sys.argv[1], encoding="utf-8").read()
assert text.startswith("<!DOCTYPE html>")
assert "nan" not in text.lower().replace("finance", "") and "inf," not in text, "a coordinate is not a number"
page = tree.fromstring(text)


class Reader(HTMLParser):
    """The tags as a browser's tokenizer sees them."""

    def __init__(self):
        super().__init__()
        self.open = []

    def handle_starttag(self, tag, attributes):
        assert tag not in ("script", "link", "iframe", "object", "img"), tag
        for name, value in attributes:
            assert not name.startswith("on") and name not in ("src", "href"), (tag, name, value)
        self.open.append(tag)

    def handle_startendtag(self, tag, attributes):
        self.handle_starttag(tag, attributes)
        self.open.pop()

    def handle_endtag(self, tag):
        assert self.open.pop() == tag, tag


reader = Reader()
reader.feed(text)
reader.close()
assert not reader.open, reader.open
assert "@import" not in text and "url(" not in text
for section in page.iter("section"):
    drawing = section.find("svg")
    width, height = map(float, drawing.get("viewBox").split()[2:])
    marks = [item for item in drawing.iter() if item.tag in ("polyline", "rect", "circle")]
    assert marks, "an empty drawing"
    for rectangle in drawing.iter("rect"):
        x, y, w, h = (float(rectangle.get(name)) for name in ("x", "y", "width", "height"))
        assert 0 <= x and x + w <= width + 1 and 0 <= y and y + h <= height, rectangle.attrib
    for line in drawing.iter("polyline"):
        for point in line.get("points").split():
            x, y = map(float, point.split(","))
            assert 0 <= x <= width and 0 <= y <= height, point
    print(section.find("h2").text)

import re

import django_tables2 as tables
import pytest
from django.template import Context, Template
from django.urls import reverse
from django_tables2 import RequestConfig

from portal.common.web import stencils
from portal.common.web.addresses import each
from portal.common.web.stencils import MisusedHole, Stencil
from portal.common.web.tables import ListTable

ROW = """{% cell "name" %}<b>{{ name }}</b>{% endcell %}
{% cell "state" %}{% if is_new %}new{% else %}known{% endif %}{% endcell %}
{% cell "act" %}go{% endcell %}"""


@pytest.fixture
def template(monkeypatch):
    """The text of the row's template."""
    rows = {"row.html": ROW}
    monkeypatch.setattr(stencils, "get_template", lambda name: _Drawn(rows[name]))
    stencils._remembered.cache_clear()
    yield rows
    stencils._remembered.cache_clear()


class _Drawn:
    def __init__(self, text):
        self.text = text

    def render(self, context):
        return Template(self.text).render(Context(context))


class People(ListTable[dict[str, object]]):
    name = tables.Column(verbose_name="Name & title")
    state = tables.Column(verbose_name="State", attrs={"td": {"class": "nowrap"}})
    act = tables.Column(verbose_name="", orderable=False)

    stencil = Stencil("row.html", holes="name")

    def row(self, record):
        return {"is_new": record["new"]}, (record["name"],)


SOME = [{"name": "<Mai>", "state": "b", "new": True}, {"name": "Tom", "state": "a", "new": False}]


def body(table):
    return re.sub(r"\s*(<[^>]*>)\s*", r"\1", table.body())


def test_rows_with_the_attributes_and_labels_of_their_columns(template):
    assert body(People(SOME)) == (
        '<tr class="even"><td data-label="Name &amp; title"><b>&lt;Mai&gt;</b></td>'
        '<td class="nowrap" data-label="State">new</td><td>go</td></tr>'
        '<tr class="odd"><td data-label="Name &amp; title"><b>Tom</b></td>'
        '<td class="nowrap" data-label="State">known</td><td>go</td></tr>'
    )


def test_column_left_out_has_no_cells(template):
    assert "nowrap" not in body(People(SOME, exclude=("state",)))
    assert "&lt;Mai&gt;" in body(People(SOME, exclude=("state",)))


def test_order_and_page_are_the_tables(template, rf):
    table = People([{"name": f"N{n}", "state": f"{9 - n}", "new": False} for n in range(9)])
    RequestConfig(rf.get("/?sort=state&page=2"), paginate={"per_page": 4}).configure(table)
    assert re.findall("N[0-9]", body(table)) == ["N4", "N3", "N2", "N1"]


@pytest.mark.parametrize(
    "wrong", [ROW.replace('{% cell "act" %}go{% endcell %}', ""), "\n".join(reversed(ROW.split("\n")))]
)
def test_every_column_has_its_cell_in_its_place(template, wrong):
    template["row.html"] = wrong
    with pytest.raises(LookupError, match=r"row\.html has other cells than name, state, act"):
        People(SOME).body()


def test_hole_that_is_asked_is_an_error(template):
    template["row.html"] = ROW.replace("{{ name }}", "{% if name %}{{ name }}{% endif %}")
    with pytest.raises(MisusedHole):
        People(SOME).body()


def test_address_of_each_is_what_reverse_says():
    code = "1feff0a7-0868-fdc4-ef55-8587216ea8d8"
    assert each("reception:patient")(code) == reverse("reception:patient", args=[code])
    assert each("reception:invoice")("INV-3F9A01BC") == reverse("reception:invoice", args=["INV-3F9A01BC"])

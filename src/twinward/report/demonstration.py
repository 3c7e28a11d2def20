"""The one-page report of a demonstration: figures, accounts and the epidemic curve, as one HTML
file.
"""

from __future__ import annotations

from typing import Any

from jinja2 import Environment

PAGE = """<!doctype html>
<html lang="en"><meta charset="utf-8"><title>Twinward: {{ r.city }}</title>
<style>body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#1d2733}
table{border-collapse:collapse}td,th{padding:.2rem .8rem;text-align:right;border-bottom:1px solid #d8dee6}
td:first-child,th:first-child{text-align:left}h1{margin-bottom:0}svg{width:100%;height:14rem;background:#f6f8fa}
.note{background:#fff6dd;padding:.5rem .8rem}</style>
<h1>{{ r.city }}</h1>
<p>{{ "{:,}".format(r.residents) }} residents, {{ r.days }} days played in {{ r.wall_s }} s.</p>
<p class="note">A demonstration. Persons, contacts and receipts are synthetic: seeded responders made them.</p>
<h2>The loop</h2><table>
{% for name in ["reports", "cases", "places_affected", "incidents", "incidents_closed", "incidents_reopened", "orders",
 "orders_confirmed", "escalations"] %}
<tr><td>{{ name.replace("_", " ") }}</td><td>{{ "{:,}".format(r[name]) }}</td></tr>{% endfor %}
<tr><td>report to all its orders, median / 99 %</td>
<td>{{ r.trigger_to_orders_ms.p50 }} / {{ r.trigger_to_orders_ms.p99 }} ms
(n = {{ r.trigger_to_orders_ms.n }})</td></tr></table>
<h2>Reports by day</h2>
<svg viewBox="0 0 {{ days | length * 10 }} 100" preserveAspectRatio="none" role="img" aria-label="reports by day">
{% for day, n in days %}<rect x="{{ loop.index0 * 10 + 1 }}" y="{{ 100 - 96 * n / top }}" width="8"
 height="{{ 96 * n / top }}" fill="#2b6cb0"><title>{{ day }}: {{ "{:,}".format(n) }}</title></rect>{% endfor %}</svg>
<p>{{ days[0][0] if days }} to {{ days[-1][0] if days }}, highest {{ "{:,}".format(top) }} on {{ top_day }}.</p>
<h2>Accounts</h2><table><tr><th>source</th><th>received</th><th>stored</th><th>rejected</th><th>duplicate</th></tr>
{% for row in r.counts %}<tr><td>{{ row.source }}</td><td>{{ row.received }}</td><td>{{ row.stored }}</td>
<td>{{ row.rejected }}</td><td>{{ row.duplicate }}</td></tr>{% endfor %}</table></html>
"""


def render_demo_report(result: dict[str, Any]) -> str:
    """HTML text; every figure is one of the run's own result."""
    days = list(result["city_total_by_day"].items())
    top_day, top = max(days, key=lambda pair: pair[1], default=("", 1))
    template = Environment(autoescape=True).from_string(PAGE)
    return template.render(r=result, days=days, top=max(top, 1), top_day=top_day)

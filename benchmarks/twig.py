"""Twig in this project against Jinja2, its sandbox and PHP's Twig, on the same templates, in the same run.

`python -m benchmarks.twig` prints a table; `measure()` returns the numbers. Times are microseconds of processor
time, the best of several rounds.
"""

from __future__ import annotations

import json
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path
from shutil import which
from time import process_time
from typing import Any

import jinja2
from jinja2.sandbox import SandboxedEnvironment

from tracking.rendering.twig import Environment, Limits

ROUNDS = 7
_PHP_TWIG = Path("/usr/share/php/Twig/autoload.php")

FIELDS = [
    "first_name", "last_name", "email", "phone", "street", "city", "state", "zip", "campaign", "product",
    "publisher", "buyer", "channel", "source", "price", "currency", "lead_id", "method", "occurred_at", "support",
]  # fmt: skip

_PLACES = "\n".join(f"<tr><td>{name}</td><td>{{{{ lead.{name} }}}}</td></tr>" for name in FIELDS)
MAIL = f"""<html><body><h1>{{{{ lead.product|upper }}}}: {{{{ lead.campaign|title }}}}</h1>
<p>Dear {{{{ lead.first_name|capitalize }}}} {{{{ lead.last_name|lower }}}},</p>
{{% if lead.price > 10 %}}<p>Sold for {{{{ lead.price }}}}.</p>{{% else %}}<p>A lead came in.</p>{{% endif %}}
<table>{_PLACES}</table>
<ul>{{% for item in items %}}<li>{{{{ loop.index }}}}. {{{{ item.name }}}}: {{{{ item.value }}}}</li>{{% endfor %}}</ul>
<p>{{{{ names|join(", ") }}}}</p></body></html>
"""
ROWS = """<table>{% for row in rows %}<tr><td>{{ row.id }}</td><td>{{ row.name }}</td><td>{{ row.note }}</td></tr>
{% endfor %}</table>"""

CONTEXT: dict[str, Any] = {
    "lead": {name: f"value of {name} & more" for name in FIELDS} | {"price": 12.5},
    "items": [{"name": f"item {n}", "value": n * 3} for n in range(10)],
    "names": ["Ann", "Bob", "Cy"],
}
ROWS_CONTEXT: dict[str, Any] = {
    "rows": [{"id": n, "name": f"name {n}", "note": "plain text" if n % 5 else "<b>bold</b>"} for n in range(1000)],
}
CASES = {"mail": (MAIL, CONTEXT), "rows": (ROWS, ROWS_CONTEXT)}


def best(act: Callable[[], object], *, seconds: float = 0.15) -> float:
    """Microseconds of one call, the best of several rounds."""
    act()
    start = process_time()
    act()
    calls = max(1, int(seconds / max(process_time() - start, 1e-7)))
    return min(_round(act, calls) for _ in range(ROUNDS))


def _round(act: Callable[[], object], calls: int) -> float:
    start = process_time()
    for _ in range(calls):
        act()
    return (process_time() - start) / calls * 1e6


def ours(source: str, context: dict[str, Any]) -> tuple[Callable[[], object], Callable[[], object]]:
    """Render and compile, here."""
    environment = Environment(limits=Limits(steps=100_000_000, seconds=60.0))
    template = environment.from_string(source)
    return lambda: template.render(context), lambda: environment.from_string(source)


def jinja(
    source: str, context: dict[str, Any], kind: type[jinja2.Environment]
) -> tuple[Callable[[], object], Callable[[], object]]:
    """Render and compile, in Jinja2."""
    environment = kind(autoescape=True)
    template = environment.from_string(source)
    return lambda: template.render(context), lambda: environment.from_string(source)


_PHP = r"""
require $argv[1];
$data = json_decode(file_get_contents($argv[2]), true);
$out = [];
foreach ($data as $name => [$source, $context]) {
    $loader = new \Twig\Loader\ArrayLoader([$name => $source]);
    $twig = new \Twig\Environment($loader, ['cache' => $argv[3], 'auto_reload' => false]);
    $template = $twig->load($name);
    $template->render($context);
    $best = INF;
    $spent = function () { $u = getrusage(); return ($u['ru_utime.tv_sec'] * 1e6 + $u['ru_utime.tv_usec']); };
    for ($round = 0; $round < 7; $round++) {
        $calls = 0; $start = $spent();
        do { $template->render($context); $calls++; } while ($spent() - $start < 150e3);
        $best = min($best, ($spent() - $start) / $calls);
    }
    $out[$name] = $best;
}
echo json_encode($out);
"""


def php() -> dict[str, float]:
    """Render in PHP's Twig with opcache; empty where it is not installed."""
    if which("php") is None or not _PHP_TWIG.exists():
        return {}
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder) / "data.json"
        data.write_text(json.dumps(CASES))
        command = ["php", "-d", "opcache.enable_cli=1", "-r", _PHP, str(_PHP_TWIG), str(data), folder]
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    return dict(json.loads(done.stdout)) if done.returncode == 0 else {}


def measure() -> dict[str, dict[str, float]]:
    """Microseconds by case, then by engine; compile times under `compile`."""
    found: dict[str, dict[str, float]] = {"compile": {}}
    in_php = php()
    engines = {
        "ours": ours,
        "jinja2": lambda source, context: jinja(source, context, jinja2.Environment),
        "jinja2_sandbox": lambda source, context: jinja(source, context, SandboxedEnvironment),
    }
    for name, (source, context) in CASES.items():
        found[name] = {engine: best(make(source, context)[0]) for engine, make in engines.items()}
        if name in in_php:
            found[name]["php"] = in_php[name]
    for engine, make in engines.items():
        found["compile"][engine] = best(make(MAIL, CONTEXT)[1])
    return found


def main() -> dict[str, dict[str, float]]:
    """Print the table."""
    found = measure()
    print(f"{'µs':10}" + "".join(f"{engine:>16}" for engine in ("ours", "jinja2", "jinja2_sandbox", "php")))
    for name, times in found.items():
        cells = "".join(
            f"{times[engine]:16.1f}" if engine in times else f"{'-':>16}"
            for engine in ("ours", "jinja2", "jinja2_sandbox", "php")
        )
        print(f"{name:10}{cells}")
    return found


if __name__ == "__main__":
    main()

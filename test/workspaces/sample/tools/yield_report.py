"""Reports the yield of the season as a web page."""

import html
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from orchard.records import group_by, read_harvest


def bar(kilograms, most):
    return f'<div class="bar" style="width:{kilograms / most * 100:.0f}%">{kilograms:.0f} kg</div>'


def page(title):
    sums = {
        variety: sum(p.kilograms for p in group) for variety, group in group_by(read_harvest(), "variety").items()
    }
    most = max(sums.values())
    rows = "\n".join(
        f"<tr><th>{html.escape(variety)}</th><td>{bar(kilograms, most)}</td></tr>"
        for variety, kilograms in sorted(sums.items(), key=lambda item: -item[1])
    )
    return f"""<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><title>{html.escape(title)}</title>
<style>
  table {{ width: 100%; border-spacing: 0 4px }}
  th {{ text-align: left; font-weight: normal; width: 9em }}
  .bar {{ background: seagreen; color: white; padding: 3px 8px; border-radius: 3px; white-space: nowrap }}
  .bar {{ box-sizing: border-box; min-width: max-content }}
</style></head>
<body><h1>{html.escape(title)}</h1>
<table>
{rows}
</table></body></html>"""


if __name__ == "__main__":
    print(page(sys.argv[1] if len(sys.argv) > 1 else "Yield of the season"))

"""Plans when to water which field."""

import sys
from enum import Enum
from pathlib import Path
from typing import Annotated, Optional

import typer

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from orchard.records import group_by, read_soil

app = typer.Typer(help="Plans when to water which field.")


class Method(str, Enum):
    drip = "drip"
    sprinkler = "sprinkler"


@app.command()
def plan(
    threshold: Annotated[float, typer.Option(help="Water below this soil moisture.")] = 0.2,
    method: Annotated[Method, typer.Option(help="How to water.")] = Method.drip,
    field: Annotated[Optional[str], typer.Option(help="Only this field.")] = None,
):
    """Say which fields need water."""
    for name, samples in group_by(read_soil(), "field").items():
        driest = min(sample.moisture for sample in samples)
        if (field is None or field == name) and driest < threshold:
            typer.echo(f"{name}: {method.value}, {(threshold - driest) * 100:.0f} mm")


@app.command()
def valves(numbers: Annotated[list[int], typer.Argument(help="Valves to test.")], dry_run: bool = True):
    """Test valves one by one."""
    for number in numbers:
        typer.echo(f"valve {number} {'would open' if dry_run else 'opens'}")


if __name__ == "__main__":
    app()

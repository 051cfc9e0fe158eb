"""Writes a note for whoever waters next."""

import argparse
import json
import os
from pathlib import Path


def main():
    parser = argparse.ArgumentParser(description="Write a note on what to water, from statistics of the soil.")
    parser.add_argument("statistics", type=Path, help="what soil_stats printed, as a JSON file")
    parser.add_argument("--driest", type=float, default=0.2, help="fields with less moisture than this need water")
    parser.add_argument("--heading", default="Watering", help="first line of the note")
    options = parser.parse_args()
    fields = json.loads(options.statistics.read_text(encoding="utf-8"))
    dry = sorted(name for name, field in fields.items() if field["moisture"] < options.driest)
    lines = [f"# {options.heading}", "", *(f"- {name}" for name in dry or ["nothing"])]
    note = Path(os.environ.get("TOKA_RESULTS", "out")) / "note.md"
    note.parent.mkdir(parents=True, exist_ok=True)
    note.write_text("\n".join(lines) + "\n", encoding="utf-8")
    print(", ".join(dry) if dry else "nothing")


if __name__ == "__main__":
    main()

"""Writes a diary of the season, one Markdown file for each month."""

import argparse
import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from orchard.records import group_by, read_harvest


def write_month(folder, month, pickings):
    path = folder / f"{month}.md"
    lines = [f"# {month}", ""]
    for picking in pickings:
        lines.append(f"- {picking.date}: {picking.crates} crates of {picking.variety} from {picking.field}")
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, help="where to write (default: the folder for results)")
    parser.add_argument("--clean", action="store_true", help="delete older diary pages first")
    options = parser.parse_args()

    folder = options.folder or Path(os.environ.get("TOKA_RESULTS", "out"))
    folder.mkdir(parents=True, exist_ok=True)
    if options.clean:
        for page in folder.glob("*.md"):
            page.unlink()
    months = {}
    for date, pickings in group_by(read_harvest(), "date").items():
        months.setdefault(date[:7], []).extend(pickings)
    for month, pickings in sorted(months.items()):
        print(write_month(folder, month, pickings))


if __name__ == "__main__":
    main()

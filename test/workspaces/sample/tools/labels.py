"""Prints labels for crates."""

import click


@click.group()
@click.option("--width", type=int, default=32, show_default=True, help="Characters on a line.")
@click.pass_context
def labels(context, width):
    """Labels for crates."""
    context.obj = width


@labels.command()
@click.argument("field")
@click.option("--variety", required=True, help="What is in the crate.")
@click.option("--count", type=click.IntRange(1, 500), default=1, help="How many labels.")
@click.pass_obj
def crate(width, field, variety, count):
    """One label for each crate of a field."""
    for number in range(1, count + 1):
        click.echo(f"{variety} / {field} / {number}".center(width))


@labels.command()
@click.argument("names", nargs=-1)
@click.option("--upper/--no-upper", default=False, help="Shout.")
def shelf(names, upper):
    """Labels for the shelves of the cold store."""
    for name in names:
        click.echo(name.upper() if upper else name)


if __name__ == "__main__":
    labels()

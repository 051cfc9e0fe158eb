"""Simulates the growth of trees, and forgets to let any of them go."""

import argparse


class Tree:
    def __init__(self, age):
        self.rings = bytearray(b"\x01" * (1024 * 1024))
        self.age = age

    def grow(self):
        self.age += 1
        return Tree(self.age)


def main():
    parser = argparse.ArgumentParser(description="Simulate the growth of an orchard.")
    parser.add_argument("--years", type=int, default=10_000, help="how long to let it grow")
    options = parser.parse_args()
    trees = [Tree(0)]
    for year in range(options.years):
        trees.append(trees[-1].grow())
        if year % 25 == 0:
            print(f"year {year}: {len(trees)} trees", flush=True)


if __name__ == "__main__":
    main()

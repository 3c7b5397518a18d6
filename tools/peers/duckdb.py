"""DuckDB as a peer: reads the facts that the driver wrote, asks for every line and for the portfolio, holds each answer
to ours, and hands over what it took. Usage: duckdb.py FOLDER MEASURED ENTRIES DAY [ROW ...]"""

import csv
import datetime
import json
import pathlib
import sys
import time

here = pathlib.Path(__file__).resolve().parent
# This file has the name of the module: the module is looked for elsewhere first.
sys.path = [path for path in sys.path if pathlib.Path(path or ".").resolve() != here]
import duckdb  # noqa: E402

COLUMNS = (
    "line INTEGER, position BIGINT, place INTEGER, from_earliest BIGINT, from_latest BIGINT, until_earliest BIGINT, "
    "until_latest BIGINT, decided BIGINT, struck BIGINT, class INTEGER, strength INTEGER, is_change INTEGER, "
    "pence BIGINT"
)
TURNS = 5
HOW = "2 threads, in memory, version " + duckdb.__version__


def rows(path):
    """A list of ours, in the shape of an answer."""
    with open(path, newline="") as file:
        return sorted(tuple(None if cell == "" else int(cell) if cell.isdigit() else cell for cell in row)
                      for row in csv.reader(file))


def main(folder, measured, entries, day, *only):
    folder = pathlib.Path(folder)
    db = duckdb.connect()
    db.execute("SET threads = 2")
    db.execute("CREATE TABLE lines (line INTEGER, contract TEXT, name TEXT, funder TEXT)")
    db.execute(f"CREATE TABLE facts ({COLUMNS})")
    for table in ["lines", "facts"]:
        db.execute(f"COPY {table} FROM '{folder / (table + '.csv')}' (FORMAT csv, HEADER false)")
    # Days count from 1 January of year 1, as the driver's do.
    day_number = datetime.date.fromisoformat(day).toordinal()
    for row, name in [("fold", "fold.sql"), ("portfolio", "duckdb-portfolio.sql")]:
        ours = folder / f"{row}.csv"
        if only and row not in only or not ours.exists():
            continue
        query, times = (here / name).read_text(), []
        for _ in range(TURNS):
            start = time.perf_counter()
            theirs = db.execute(query, {"day": day_number}).fetchall()
            times.append(time.perf_counter() - start)
        theirs, ours = sorted(tuple(row) for row in theirs), rows(ours)
        if theirs != ours:
            differs = next(((a, b) for a, b in zip(theirs, ours) if a != b), (len(theirs), len(ours)))
            sys.exit(f"duckdb.py: DuckDB answers {row} on {day} otherwise: it says {differs[0]}, "
                     f"and Minutebook {differs[1]}")
        line = {"row": row, "who": "DuckDB", "entries": int(entries), "value": sorted(times)[TURNS // 2], "p99": None,
                "unit": "s", "better": "less", "how": HOW}
        with open(measured, "a") as file:
            file.write(json.dumps(line) + "\n")


main(*sys.argv[1:])

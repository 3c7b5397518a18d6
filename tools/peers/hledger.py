"""hledger as a peer: balances on a day of a journal of the same amounts, held to their sums. It adds amounts up and
knows no standing, no coordinates but the day, and nothing struck. Usage: hledger.py FOLDER MEASURED ENTRIES DAY"""

import csv
import datetime
import decimal
import io
import json
import pathlib
import subprocess
import sys
import time


def main(folder, measured, entries, day):
    folder = pathlib.Path(folder)
    after = (datetime.date.fromisoformat(day) + datetime.timedelta(days=1)).isoformat()
    command = ["hledger", "-f", str(folder / "amounts.journal"), "balance", "line", "--end", after, "--flat", "--empty",
               "--no-total", "--output-format", "csv"]
    start = time.perf_counter()
    out = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    took = time.perf_counter() - start
    pounds = lambda text: int(decimal.Decimal(text.replace("£", "").replace(",", "")) * 100)
    # Of accounts that have nothing by then it says nothing, or 0.
    theirs = {account: pounds(text) for account, text in list(csv.reader(io.StringIO(out)))[1:] if pounds(text)}
    with open(folder / "balances.csv", newline="") as file:
        ours = {account: int(pence) for account, pence in csv.reader(file) if int(pence)}
    if theirs != ours:
        account = min(a for a in theirs.keys() | ours.keys() if theirs.get(a) != ours.get(a))
        sys.exit(f"hledger.py: hledger says that {account} comes to {theirs.get(account)} pence on {day}, and the "
                 f"register says {ours.get(account)}")
    for row in ["rebuild", "rebuild-one"]:
        line = {"row": row, "who": "hledger", "entries": int(entries), "value": took, "p99": None, "unit": "s",
                "better": "less", "how": f"reads a journal, sums the amounts of {len(ours)} lines; one core"}
        with open(measured, "a") as file:
            file.write(json.dumps(line) + "\n")


main(*sys.argv[1:])

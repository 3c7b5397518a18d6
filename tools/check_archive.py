"""Checks an archive of a ledger with nothing of Minutebook's: python3 tools/check_archive.py ARCHIVE

Every file against SHA256SUMS, and the Merkle root of the lines of entries.jsonl (RFC 6962, section 2.1, as it is written
there) against the third line of every checkpoint. Whose signatures the checkpoints carry it does not check: Python alone
knows no Ed25519.
"""

import base64
import hashlib
import pathlib
import sys


def sha256(data):
    return hashlib.sha256(data).digest()


def root(leaves):
    if len(leaves) < 2:
        return leaves[0] if leaves else sha256(b"")
    middle = 1
    while middle * 2 < len(leaves):
        middle *= 2
    return sha256(b"\1" + root(leaves[:middle]) + root(leaves[middle:]))


def check(archive):
    for line in (archive / "SHA256SUMS").read_text(encoding="utf-8").splitlines():
        digest, name = line.split("  ", 1)
        if sha256((archive / name).read_bytes()).hex() != digest:
            sys.exit(f"{archive / name}: not the file of which SHA256SUMS has the hash")
    lines = (archive / "entries.jsonl").read_bytes().split(b"\n")
    if lines.pop() != b"":
        sys.exit(f"{archive / 'entries.jsonl'}: the last line is cut short")
    leaves = [sha256(b"\0" + line) for line in lines]
    print(f"{len(leaves)} entries, Merkle root {root(leaves).hex()}")
    for note in sorted((archive / "checkpoints").glob("*.note")):
        name, size, signed = note.read_text(encoding="utf-8").split("\n")[:3]
        if int(size) > len(leaves) or base64.b64decode(signed, validate=True) != root(leaves[: int(size)]):
            sys.exit(f"{note}: the first {size} entries are not those that {name} signed")
        print(f"the first {size} are those of a checkpoint of {name}")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    check(pathlib.Path(sys.argv[1]))

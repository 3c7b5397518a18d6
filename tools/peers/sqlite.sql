-- SQLite's tables: entries as they are stored, and the facts of value lines along three coordinates. The primary key of
-- `facts` is its only index and holds every column, so that a line's facts lie together. Days are numbers; a last day
-- that is not set, and a fact that is not struck, have the largest number.
CREATE TABLE entries (position INTEGER PRIMARY KEY, id BLOB NOT NULL UNIQUE, bytes BLOB NOT NULL);
CREATE TABLE lines (line INTEGER PRIMARY KEY, contract TEXT NOT NULL, name TEXT NOT NULL, funder TEXT NOT NULL);
CREATE UNIQUE INDEX lines_of ON lines (contract, name, line);
CREATE TABLE facts (
    line INTEGER NOT NULL,
    position INTEGER NOT NULL,
    place INTEGER NOT NULL,
    from_earliest INTEGER NOT NULL,
    from_latest INTEGER NOT NULL,
    until_earliest INTEGER NOT NULL,
    until_latest INTEGER NOT NULL,
    decided INTEGER NOT NULL,
    struck INTEGER NOT NULL,
    class INTEGER NOT NULL,
    strength INTEGER NOT NULL,
    is_change INTEGER NOT NULL,
    pence INTEGER,
    PRIMARY KEY (line, position, place)
) WITHOUT ROWID;
